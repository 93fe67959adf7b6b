"""How do people log in?

page            login and logout, choice of a password and a language
account_page    the user's own sessions, password and API tokens
"""
