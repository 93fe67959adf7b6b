"""What has to be done to texts of customers and operators?

cleaning                  removes greeting, name, signature and personal data
pii, number_checks        masks personal data; recognizes phones, cards, accounts
edits                     tells cosmetic edits from substantive ones
stopgaps                  tells promises to answer later from answers
template_fields, slugs    fills in fields of an answer; readable ids of articles
translations              texts of pages, chat and messengers by language
notices                   automatic messages to customers
message_parts             cuts replies into the messages that a channel can carry
"""
