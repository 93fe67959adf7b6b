"""Which model version answers, and how do versions differ?"""
