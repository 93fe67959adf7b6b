"""How do people log in?

page            logging in and out, choosing a password and a language
account_page    one's own sessions, password and API tokens
"""
