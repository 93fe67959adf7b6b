"""How do messages come in, get triaged, and go out?

intake            stores a message and adds it to the customer's open turn
commands          answers /start, /help and /stop
lanes             the fair queue for triage
triage_worker     triages turns and offers suggestions, or answers where the topic may
open_questions    the question that waits when its customer writes on
additions         nudge, detail or another question: what customers add while they wait
edited_questions  a question that is changed after its answer
autopilot_gate    the last word on an automated reply
delivery          the outbox: claim a reply, report its outcome
customer_view     a conversation as its customer sees it
clock_guard       keeps stored moments sane when the clock is set
"""
