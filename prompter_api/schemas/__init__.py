"""Which shapes go in and out of the JSON API?

They are what its documentation shows.

    conversations, reviews            turns, suggestions, decisions; answers to judge
    knowledge, proposals, learning    articles, proposals, model versions
    readiness, monitoring             topics and figures
    accounts, rasa                    accounts and tokens; Rasa's requests
    common                            pages, errors
"""
