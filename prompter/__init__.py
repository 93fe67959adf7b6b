"""How does a team answer its customers with a bot that learns from it?

The core, without HTTP, messengers or settings. Upper rows import lower ones, never the other way.

    conversations, desk                    messages in, triage, replies out; operators' decisions
    dialogue, learning                     a dialogue engine beside the suggestions; decisions become a model
    readiness, models, knowledge           which topics may be answered alone; model versions; articles
    suggestions, labels, jobs, accounts    ranked answers; labels from verdicts; background jobs; logins
    storage, text                          the only SQL; texts of people
    domain, common                         values; clock, errors, shutdown
"""
