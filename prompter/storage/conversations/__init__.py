"""Which rows hold conversations?

conversations         the rows below, as one transaction sees them
customers, messages   customers and their messages
turns                 turns with their suggestions
open_questions        what customers add to a turn that waits
operator_control      whether an operator is in control of a conversation
decisions             verdicts and corrections
outbox                replies and their delivery
reviews               answers for review by a second person
dialogues, signals    state of a dialogue engine; ratings and button presses
"""
