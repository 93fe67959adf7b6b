"""How do messages come in, get triaged, and go out?"""
