"""Which shapes do requests and responses of the JSON API have?

The API's documentation shows them.

    conversations, reviews            turns, suggestions, decisions; answers to judge
    knowledge, proposals, learning    articles, proposals, model versions
    readiness, monitoring             topics and figures
    accounts, rasa                    accounts and tokens; Rasa's requests
    common                            pages, errors
"""
