"""What does the knowledge base say, and what should it say?"""
