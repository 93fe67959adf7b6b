"""What does every part of the core need?"""
