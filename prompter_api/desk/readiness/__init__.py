"""The pages that show what may answer alone, and how it does."""
