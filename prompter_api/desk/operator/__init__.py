"""How do operators answer customers?

page, screen, input_event, keyboard    events and keys become use cases; what is on the screen
queue_panel, conversation_panel        who waits, and what was said
suggestion_cards, side_panels          suggestions, other articles, reasons for a rejection
composer, drafts, undo                 writing, and taking back
failed_replies, review_page            undelivered replies; answers for a second person
"""
