"""Which rows hold conversations?

conversations         the rows below, as one transaction sees them
customers, messages   who writes, and what is written
turns                 turns with their suggestions
operator_control      whether an operator is in control of a conversation
decisions             verdicts and corrections
outbox                replies and what became of them
reviews               answers that a second person judges
dialogues, signals    state of a dialogue engine; ratings and button presses
"""
