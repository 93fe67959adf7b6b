"""Read and write Rasa YAML: intents with examples, and the responses that answer them.

An intent `faq/returns_how` together with the response `utter_faq/returns_how` is an article: its topic is
the retrieval intent `faq`, its question the first example, its phrasings the others. A plain intent
`opening_hours` with a response `utter_opening_hours` is also an article. Fields that Rasa lacks (id, topic,
language, status, dates) are written under `metadata: {sufler: …}` of the intent, which Rasa accepts and
ignores. Where an example cannot be written unchanged (several lines, or it looks like an annotated
entity), `exact` maps the written text to the original.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from files import BadFile, Budget
from files.limits import MAX_CELL_CHARS, MAX_EXAMPLE_CHARS, MAX_EXAMPLES
from files.text import whole_text
from files.yaml_tree import Node
from kb_index.answer_format import AnswerFormat
from kb_index.article import Article
from kb_index.formats.answers import needs_format
from kb_index.formats.columns import require_field
from kb_index.formats.rasa_files import project_files
from kb_index.formats.rasa_legacy import load_document
from kb_index.formats.records import Record, Value, Warn
from kb_index.formats.text import clean_line
from kb_index.marks import to_lines

# [text](type), [text](type:value), [text]{"entity": "type", …}, [text][{"entity": "type"}, …]
# Where a bracket begins no annotation, everything up to the next closing bracket is skipped at once.
_ENTITY = re.compile(
    r"\[(?:(?P<text>[^\]]++)\]"
    r"(?:\([^:)]{1,500}+(?::[^)]{1,500}+)?\)|\{[^}]{1,500}+\}|\[[^\]\n]{0,500}+\])|[^\]]*+)"
)
_PLAIN = re.compile(r"[A-Za-zА-Яа-яЁё_][A-Za-zА-Яа-яЁё0-9_/.-]*")
_NO_STRINGS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}  # in some version of YAML
_METADATA = "sufler"


@dataclass(kw_only=True)
class Intent:
    """A partly read intent."""

    path: Path
    line: int
    examples: list[str] = field(default_factory=list)
    metadata: dict[str, Node] = field(default_factory=dict)


def read(path: Path, warn: Warn, budget: Budget) -> Iterator[Record]:
    """Yield the records of one file, or of all Rasa YAML files in a folder. Other files are skipped.

    `warn` is called for everything left out: further variants of a response, intents without a response.
    """
    intents: dict[str, Intent] = {}
    responses: dict[str, tuple[Path, Node]] = {}
    for file in project_files(path, warn=warn) if path.is_dir() else [path]:
        root = load_document(file)
        budget.check()
        if root is None:
            continue
        for item in section(root, "nlu").items:
            add_intent(file, item, intents)
        add_responses(file, root, responses)
    answers = {name: answer_of(file, name, node, warn) for name, (file, node) in responses.items()}
    unanswered = [name for name in intents if f"utter_{name}" not in answers]
    if len(unanswered) == len(intents):
        problem = (
            "contains no intent with a response of its name: give the folder with both nlu.yml and domain.yml"
        )
        raise BadFile(path, problem)
    if unanswered:
        names = ", ".join(unanswered[:10]) + (", …" if len(unanswered) > 10 else "")
        warn(f"{path}: left out what has no response utter_<intent>, {len(unanswered)} in all: {names}")
    for name, intent in intents.items():
        if f"utter_{name}" in answers:
            yield record_of(name, intent, answers[f"utter_{name}"])


def write(articles: Iterable[Article], nlu: Path, domain: Path, rules: Path) -> None:
    """Write the intents, the responses, and the rules that connect them to three files."""
    used: set[str] = set()
    retrieval_intents: dict[str, None] = {}
    with nlu.open("w", encoding="utf-8") as intents, domain.open("w", encoding="utf-8") as responses:
        intents.write('version: "3.1"\nnlu:\n')
        responses.write('version: "3.1"\nresponses:\n')
        for article in articles:
            name = _intent_name(article, used)
            used.add(name)
            retrieval_intents[name.partition("/")[0]] = None
            intents.write(_intent_yaml(name, article))
            responses.write(f"  {_scalar('utter_' + name)}:\n  - text: {_block(article.answer, 6)}\n")
        if not used:
            responses.write("  {}\n")
            intents.write("  []\n")
        responses.write("intents:\n" if used else "intents: []\n")
        responses.writelines(f"- {_scalar(name)}\n" for name in retrieval_intents)
    rules.write_text(
        'version: "3.1"\n' + ("rules:\n" if used else "rules: []\n") + "".join(map(_rule, retrieval_intents)),
        encoding="utf-8",
    )


def write_one(articles: Iterable[Article], path: Path) -> None:
    """Write intents, responses and rules into one file."""
    further_files = [path.with_name(f"{path.name}.{part}") for part in ("domain", "rules")]
    try:
        write(articles, path, *further_files)
        with path.open("a", encoding="utf-8") as file:
            for further_file in further_files:
                with further_file.open(encoding="utf-8") as part:
                    next(part)  # the version has already been written
                    file.writelines(part)
    finally:
        for further_file in further_files:
            further_file.unlink(missing_ok=True)


def _rule(intent: str) -> str:
    steps = f"  - intent: {_scalar(intent)}\n  - action: {_scalar('utter_' + intent)}\n"
    return f"- rule: {_scalar('answer ' + intent)}\n  steps:\n{steps}"


def section(root: Node, name: str) -> Node:
    """Return a file's top-level entry, or an empty node if it is missing."""
    return root.fields.get(name, Node(line=root.line, value=None))


def add_intent(file: Path, item: Node, intents: dict[str, Intent]) -> None:
    """Add one item of `nlu`. Synonyms, lookup tables and regular expressions are skipped."""
    named = item.fields.get("intent")
    if named is None:
        return
    if not named.text:
        raise BadFile(file, "the intent has no name", row=named.line)
    intent = intents.setdefault(named.text, Intent(path=file, line=item.line))
    if "metadata" in item.fields and not intent.metadata:
        sufler = item.fields["metadata"].fields.get(_METADATA)
        intent.metadata = sufler.fields if sufler else {}
    examples = item.fields.get("examples")
    if examples is None:
        return
    if examples.text is not None:
        if examples.text.count("\n") > MAX_EXAMPLES:
            problem = f"the intent {named.text[:60]} has over {MAX_EXAMPLES} examples: leave out some"
            raise BadFile(file, problem, row=examples.line)
        lines = (line.strip() for line in examples.text.split("\n"))
        intent.examples += [line[1:].strip() for line in lines if line.startswith("-") and line[1:].strip()]
    for example in examples.items:
        text = example.fields["text"].text if "text" in example.fields else example.text
        if text and text.strip():
            intent.examples.append(text.strip())


def add_responses(file: Path, root: Node, responses: dict[str, tuple[Path, Node]]) -> None:
    """Add the responses of a domain, with the file of each response. Rasa 1 called them templates.

    Raises:
        BadFile: when a response is defined twice. The error names both places.
    """
    for kind in ("responses", "templates"):
        for name, variants in section(root, kind).fields.items():
            if name in responses:
                row = _row_of(file, name, variants)
                other_file, other = responses[name]
                other_row = _row_of(other_file, name, other)
                problem = (
                    f"the response {name} is defined twice, also in {other_file}, row {other_row}: remove one"
                )
                raise BadFile(file, problem, row=row)
            responses[name] = file, variants


def _row_of(file: Path, name: str, variants: Node) -> int:
    """Return the row of a response's name, which may stand above its first variant."""
    lines = whole_text(file).split("\n")[: variants.line]
    rows = (row for row in range(len(lines), 0, -1) if f"{name}:" in re.sub(r"[\"'\s]", "", lines[row - 1]))
    return next(rows, variants.line)


def answer_of(file: Path, name: str, variants: Node, warn: Warn) -> str:
    """Return the text of a response: of its variants, one for every channel, else one for Telegram."""
    texts = [variant for variant in variants.items if "text" in variant.fields]
    if not texts:
        warn(f"{file}, row {variants.line}: the response {name} has no text, its answer is left empty")
        return ""
    chosen = usable_texts(variants)
    if chosen and "channel" in chosen[0].fields:
        warn(f"{file}, row {variants.line}: of the response {name} the variant for Telegram is taken")
    elif len(variants.items) > 1:
        warn(f"{file}, row {variants.line}: the response {name} has several variants, only one is imported")
    return (chosen or texts)[0].fields["text"].text or ""


def usable_texts(variants: Node) -> list[Node]:
    """Return the unconditional texts of a response: those for every channel, else those for Telegram."""
    texts = [
        variant
        for variant in variants.items
        if "text" in variant.fields and "condition" not in variant.fields
    ]
    general = [text for text in texts if "channel" not in text.fields]
    return general or [text for text in texts if (text.fields["channel"].text or "").lower() == "telegram"]


def record_of(name: str, intent: Intent, answer: str) -> Record:
    """Return the record of the article that an intent and its answer form."""
    if sum(map(len, intent.examples)) > MAX_CELL_CHARS:
        problem = f"the intent {name[:60]} has examples of over {MAX_CELL_CHARS} characters: shorten them"
        raise BadFile(intent.path, problem, row=intent.line)
    if any(len(example) > MAX_EXAMPLE_CHARS for example in intent.examples):
        problem = f"the intent {name[:60]} has an example of over {MAX_EXAMPLE_CHARS} characters: shorten it"
        raise BadFile(intent.path, problem, row=intent.line)
    exact = _exact(intent)
    examples = [exact.get(example) or _without_entities(example) for example in intent.examples]
    if not intent.metadata:  # written by hand: Rasa also learns a repeated example once
        examples = list(dict.fromkeys(examples))
    topic, slash, _ = name.partition("/")
    values: dict[str, Value] = {
        "id": re.sub(r"[\s|]+", "_", name),
        "topic": topic if slash else None,
        "question": examples[0] if examples else "",
        "phrasings": examples[1:],
        "answer": answer,
    }
    for key, node in intent.metadata.items():
        if key != "exact":
            values[require_field(intent.path, key, row=node.line)] = node.text
    return Record(row=intent.line, values=values, path=intent.path)


def _exact(intent: Intent) -> dict[str | None, str | None]:
    pairs = intent.metadata["exact"].items if "exact" in intent.metadata else []
    return {
        pair.fields["example"].text: pair.fields["text"].text
        for pair in pairs
        if pair.fields.keys() >= {"example", "text"}
    }


def _without_entities(example: str) -> str:
    return _ENTITY.sub(lambda match: match["text"] or match[0], example)


def _intent_name(article: Article, used: set[str]) -> str:
    """Return `topic/id` in characters that Rasa accepts, unique for every article."""

    def slug(text: str) -> str:
        return re.sub(r"[^\w-]+", "_", text).strip("_")

    topic = slug(article.topic)[:60] or "faq"
    id_in_topic = article.id.removeprefix(f"{article.topic}/")
    name = f"{topic}/{slug(id_in_topic) or 'article'}"
    if name in used:
        name += "_" + hashlib.sha256(article.id.encode()).hexdigest()[:16]
    return name


def _intent_yaml(name: str, article: Article) -> str:
    texts = (article.question, *article.phrasings)
    taken = {text for text in texts if as_example(text) == text}
    examples: list[str] = []
    exact: dict[str, str] = {}
    for text in texts:
        example = as_example(text)
        if example != text:
            while example in taken:
                example += "."
            taken.add(example)
            exact[example] = text
        examples.append(example)
    metadata = {
        "id": article.id,
        "topic": article.topic,
        "language": article.language,
        "status": article.status.value,
    }
    if article.valid_from:
        metadata["valid_from"] = article.valid_from.isoformat()
    if article.valid_until:
        metadata["valid_until"] = article.valid_until.isoformat()
    if article.marks:
        metadata["marks"] = "\n".join(to_lines(article.marks))
    if needs_format(article.question, article.answer, article.topic):
        metadata["format"] = AnswerFormat.PLAIN.value
    lines = [f"- intent: {_scalar(name)}", "  metadata:", f"    {_METADATA}:"]
    lines += [f"      {key}: {_scalar(value)}" for key, value in metadata.items()]
    if exact:
        lines.append("      exact:")
        for example, text in exact.items():  # a list, not a mapping: a YAML key has at most 1,024 characters
            lines += [f"      - example: {_scalar(example)}", f"        text: {_scalar(text)}"]
    lines.append("  examples: |")
    lines += [f"    - {example}" for example in examples]
    return "\n".join(lines) + "\n"


def as_example(text: str) -> str:
    """Return the text on one line, without anything that Rasa reads as an entity or YAML rejects."""
    text = clean_line(text).replace("\ufeff", "").strip()
    while any(match["text"] for match in _ENTITY.finditer(text)):
        text = _ENTITY.sub(
            lambda match: match[0].replace("[", "(").replace("]", ")") if match["text"] else match[0], text
        )
    return text or "?"


def _scalar(text: str) -> str:
    """Return the text as a YAML scalar on one line. JSON strings are valid YAML."""
    if _PLAIN.fullmatch(text) and text.lower() not in _NO_STRINGS:
        return text
    return json.dumps(text, ensure_ascii=False).replace("\ufeff", "\\ufeff")


def _block(text: str, indent: int) -> str:
    """Return the text as a YAML scalar, as a literal block if it has several lines."""
    if "\n" not in text or "\ufeff" in text or re.search(r"^\s|[ \t]$", text, re.MULTILINE):
        return _scalar(text)
    return "|-\n" + "\n".join(" " * indent + line if line else "" for line in text.split("\n"))
