"""Which rows hold model versions, and which topics may be answered alone?

versions            model versions, and which one answers
readiness           states of topics and their evidence
shadows             top suggestions of versions in shadow mode
regression_cases    pinned questions
monitoring          counts over a period
"""
