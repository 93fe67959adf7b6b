"""Which answers are suggested for a turn, and how sure are they?"""
