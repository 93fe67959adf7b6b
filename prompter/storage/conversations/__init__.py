"""Which rows hold conversations?

conversations         messages and turns
decisions             verdicts and corrections
outbox                replies and what became of them
reviews               answers that a second person judges
dialogues, signals    state of a dialogue engine; ratings and button presses
"""
