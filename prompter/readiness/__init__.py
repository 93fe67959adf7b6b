"""May the bot answer this topic alone, and does it still do well?"""
