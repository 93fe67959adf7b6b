"""How do operators' decisions become a better model?"""
