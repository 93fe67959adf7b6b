"""What has to be done to texts of customers and operators?

cleaning                  removes greeting, name, signature and personal data
pii, number_checks        masks personal data; recognizes phones, cards, accounts
edits                     tells a cosmetic edit from one of substance
template_fields, slugs    fills in fields of an answer; readable ids of articles
translations              texts of pages, chat and messengers by language
notices                   what customers are told automatically
"""
