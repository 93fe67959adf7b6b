"""May the bot answer this topic alone, and does it still do well?

service, state_machine, governed_topics       applies the transition that follows from the evidence
sampling, second_reviews, attention_checks    random samples, double review, checks of the reviewers
evidence, ledger, offline_replay              judged turns in order; turns judged again under a new model
monitoring, customer_feedback                 week against week, and what customers press
"""
