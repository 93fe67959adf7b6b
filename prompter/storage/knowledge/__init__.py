"""Which rows hold the knowledge base?

articles        articles, their versions and vectors
topic_titles    titles of topics by language
proposals       changes that wait for a supervisor
"""
