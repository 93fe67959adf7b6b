"""What do verdicts say about questions and articles?"""
