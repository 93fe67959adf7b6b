"""Read forms.yml, beside Rasa's domain: the forms whose values Sufler checks."""

from dataclasses import fields
from pathlib import Path

from files import BadFile, yaml_tree
from files.yaml_tree import Node
from prompter.dialogue.forms import LookupForm
from sufler import resources
from sufler.errors import BadConfig

FILE_NAME = "forms.yml"
_KEY = "checked_forms"
_KEYS = tuple(field.name for field in fields(LookupForm) if field.name != "name")


def read_forms(training_data: Path) -> tuple[LookupForm, ...]:
    """Read the forms of a folder with training data.

    For a folder without the file, as from earlier versions, return the forms that ship with Sufler.

    Raises:
        BadConfig: when the file cannot be read, or a form is incomplete. The message names the place.
    """
    path = training_data / FILE_NAME
    if not path.exists():
        path = resources.training_data() / FILE_NAME
    try:
        root = yaml_tree.load(path)
        if root is None or set(root.fields) != {_KEY}:
            raise BadFile(path, f"needs the key {_KEY}, and no other")
        return tuple(_form(path, name, node) for name, node in root.fields[_KEY].fields.items())
    except BadFile as error:
        raise BadConfig(str(error)) from None


def _form(path: Path, name: str, node: Node) -> LookupForm:
    texts = {key: value.text for key, value in node.fields.items() if value.text is not None}
    if set(node.fields) != set(_KEYS) or len(texts) != len(_KEYS):
        raise BadFile(path, f"{name} needs a text for each of {', '.join(_KEYS)}", row=node.line)
    return LookupForm(
        name=name,
        slot=texts["slot"],
        format=texts["format"],
        ignored=texts["ignored"],
        malformed=texts["malformed"],
        unknown=texts["unknown"],
        action=texts["action"],
        found=texts["found"],
        state=texts["state"],
    )
