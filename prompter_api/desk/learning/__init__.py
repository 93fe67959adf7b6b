"""How do supervisors decide what the bot learns?

proposals_page, proposal_card, dialogs    proposed changes of the knowledge base
models_page, models_panels                model versions, and how they differ
conflicts_page                            questions that people judged differently; pinned questions
labels, errors                            labels and error messages of the pages
"""
