"""How is Rasa set up, started and asked?"""
