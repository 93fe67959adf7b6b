"""How does a dialogue engine take part in a conversation?

engine     the interface of an engine, and rules that combine its reply with the triage
session    consults the engine outside transactions, and keeps it in step with operators
actions    actions that an engine may request: answer, hand over, rate, check a form
forms      forms that ask for a number, read from training_data/forms.yml
"""
