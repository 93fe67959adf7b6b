"""How does a team answer its customers with a bot that learns from it?

The core, without HTTP, messengers or settings. A message goes through `conversations` (in, triage, out) and
`suggestions`; an operator decides in `desk`; `labels` and `learning` turn decisions into `models`;
`readiness` says which topics may be answered alone; `knowledge` keeps the articles, `dialogue` talks to an
engine beside them. Values are in `domain`, SQL is in `storage`.
"""
