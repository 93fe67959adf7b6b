"""How does a dialogue engine take part in a conversation?"""
