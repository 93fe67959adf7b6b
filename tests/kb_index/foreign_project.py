"""A Rasa project as another team might write it: a clinic's, with two forms."""

from pathlib import Path

FOREIGN_PROJECT = Path(__file__).parent / "foreign_rasa_project"
RETRIEVAL_INTENTS = 33
