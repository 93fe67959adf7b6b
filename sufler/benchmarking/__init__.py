"""How good and how fast is it, measured from outside?"""
