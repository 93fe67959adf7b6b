"""Which values does the core speak of?

Frozen values only, without storage and engines.

    conversation, triage, dialogue         messages, turns and replies; routes and suggestions; dialogues
    evidence, readiness, monitoring        verdicts, random samples; states of topics; daily counts
    model_version, regression_case, job    versions and their use; pinned questions; background jobs
    proposal, drafts, topic                changes proposed for the knowledge base; titles of topics
    account                                accounts, tokens, sessions
    gate_record, learning_outcome          a version's gate report; the outcome of a learning job
    json_record                            typed values of JSON columns
"""
