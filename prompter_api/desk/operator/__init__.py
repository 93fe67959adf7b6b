"""How do operators answer customers?

page, screen, input_event, keyboard    events and keys become use cases; the panels on the screen
queue_panel, conversation_panel        the queue, and the messages of a conversation
suggestion_cards, side_panels          suggestions, other articles, reasons for a rejection
article_picker                         the search for another article
composer, drafts, undo                 writing and undoing
failed_replies, review_page            undelivered replies; review of answers
"""
