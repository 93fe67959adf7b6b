"""How do supervisors maintain the knowledge base?

articles_page      every article, searched and listed
article_page       one article: edit, preview, versions
topics_page        titles of topics
playground_page    what would be suggested for a text, and why
labels             names of fields and warnings
"""
