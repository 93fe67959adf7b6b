"""How do supervisors see which topics may be answered alone, and how well it goes?

board_page                                   one row per topic
topic_page, topic_panels, evidence_panels    one topic: figures, evidence, history
monitoring_page                              week against week, accuracy of reviewers
charts, gauge                                pictures of figures
labels, explanation                          names of states, and the rule in plain words
"""
