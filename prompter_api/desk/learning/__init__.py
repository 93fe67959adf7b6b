"""How do supervisors decide what the bot learns?

proposals_page, proposal_card, dialogs    proposed changes of the knowledge base
models_page, models_panels                model versions, and how they differ
conflicts_page                            questions on which people disagree, pinned questions
labels, errors                            names and refusals in the words of the pages
"""
