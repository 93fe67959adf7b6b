"""How do supervisors maintain the knowledge base?

articles_page      every article, searched and listed
article_page       one article: edit, preview, versions
topics_page        titles of topics
playground_page    the suggestions for a text, with explanations
labels             names of fields and warnings
"""
