"""Which rows hold the knowledge base?

articles     articles, their versions and vectors
proposals    changes that wait for a supervisor
"""
