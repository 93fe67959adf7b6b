"""May the bot answer this topic alone, and does it still do well?

service, worker, state_machine                applies the transition that follows from the evidence
topics, topic_readiness, governed_topics      topics with their turns, their readiness, topics that the
gate checks
live_topics                                   decides for triage whether a topic may answer now
sampling, second_reviews, attention_checks    random samples, double review, checks of the reviewers
evidence, ledger, offline_replay              judged turns in order; turns judged again under a new model
monitoring, customer_feedback                 week against week, and customers' ratings
"""
