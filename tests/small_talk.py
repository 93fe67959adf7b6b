"""Small talk for tests with the shipped encoder, which would encode the shipped examples for some seconds."""

from pathlib import Path

_EXAMPLES = """\
version: "3.1"
nlu:
- intent: greeting
  examples: |
    - привет
    - добрый день
    - hello
- intent: thanks
  examples: |
    - спасибо
    - благодарю
    - thank you
"""


def write_small_talk(folder: Path) -> Path:
    """Make a folder of training data with two intents, and return it."""
    folder.mkdir()
    (folder / "nlu.yml").write_text(_EXAMPLES, encoding="utf-8")
    return folder
