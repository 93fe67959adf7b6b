"""What are the values that the core works with?"""
