"""Who works here, and how are they known again?"""
