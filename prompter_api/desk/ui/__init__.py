"""Which pieces do all pages share?"""
