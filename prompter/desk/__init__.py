"""What do operators see, and what do they decide?"""
