"""May the bot answer this topic alone, and does it still do well?

service, worker, state_machine                applies the transition that follows from the evidence
topics, topic_readiness, governed_topics      topics with their turns, how far each is, which are governed
live_topics                                   what triage asks: may this topic answer now
sampling, second_reviews, attention_checks    random samples, double review, checks of the reviewers
evidence, ledger, offline_replay              judged turns in order; turns judged again under a new model
monitoring, customer_feedback                 week against week, and what customers press
"""
