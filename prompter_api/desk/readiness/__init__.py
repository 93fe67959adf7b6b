"""How do supervisors see which topics the bot may answer alone, and how accurate it is?

board_page                                   one row per topic
topic_page, topic_panels, evidence_panels    one topic: figures, evidence, history
monitoring_page                              week against week, accuracy of reviewers
charts, gauge                                charts of figures
labels, explanation                          labels of states, and the rule in plain words
"""
