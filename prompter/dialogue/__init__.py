"""How does a dialogue engine take part in a conversation?

engine     the seam: what an engine says to a turn, and what that makes of its triage
session    consults the engine outside transactions, and keeps it in step with operators
actions    what an engine may ask of us: answer, hand over, rate, check a form
forms      forms that ask for a number, read from training_data/forms.yml
"""
