"""What can operators see and decide?

service     `Desk`: the queue, a conversation, a decision in one transaction, undo
views       what an operator sees, read in one transaction
decision    a decision as requested, and the verdict it counts as
"""
