"""Separate the knowledge base in a Rasa project from its dialogues.

An intent is an article if, outside of forms, nothing but one answer ever follows it: a retrieval intent's
response, or the same response in every rule or story. Everything else stays with Rasa.
"""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from files import BadFile, Budget
from files.yaml_tree import Node
from kb_index.article import Article
from kb_index.formats.answers import as_text
from kb_index.formats.rasa_files import project_files
from kb_index.formats.rasa_legacy import CONVERT, is_legacy, load_document
from kb_index.formats.rasa_steps import (
    ELSEWHERE,
    UTTER,
    ProjectParts,
    read_checkpoints,
    read_domain,
    read_nlu,
    read_steps,
)
from kb_index.formats.rasa_yaml import (
    answer_of,
    record_of,
    usable_texts,
)
from kb_index.formats.reading import Reading, ReadOptions
from kb_index.formats.records import Record, Warn, assemble

SMALL_TALK = "small_talk"
_FIELD = re.compile(r"\{([^{}\s]+)\}")
_FROM_ARTICLES = "action_answer_faq"  # the action that an imported project calls instead of a response
_SMALL_TALK = frozenset(
    "greet greeting greetings hello hi goodbye bye thank thanks thankyou bot human chitchat mood joke".split()
)
_WORD = re.compile(r"[^\W_]+")
_NO_TEXT = frozenset({"attachment", "buttons", "custom", "elements", "image", "quick_replies"})
_MAX_NAMED = 10  # flows in an error
_OUT_OF_SCOPE = frozenset({"out_of_scope", "nlu_fallback"})


class KeepReason(StrEnum):
    """The reason why an intent stays with Rasa."""

    FORM = "form"  # it starts a form
    ACTION = "action"  # an action of the team's own follows it
    SLOT = "slot"  # it fills in a slot
    STORY = "story"  # its continuation depends on the conversation
    CHANNEL = "channel"  # its answer differs by channel, and none is for Telegram or for all
    FLOW = "flow"  # it triggers a CALM flow
    FIELDS = "fields"  # its answer has fields that only Rasa fills in
    UNANSWERED = "unanswered"  # no response answers it directly, or the response is not defined
    OUT_OF_SCOPE = "out_of_scope"  # it stands for what no article answers
    NO_EXAMPLES = "no_examples"  # it has no examples of customers' wording


@dataclass(frozen=True, kw_only=True)
class KeptIntent:
    """An intent that stays with Rasa. `detail` names the form, the action or the fields.

    `answer` names the responses that always follow it all the same, and `ignore` what would have to be
    ignored to make it an article.
    """

    intent: str
    reason: KeepReason
    detail: str = ""
    answer: str = ""
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RasaProject:
    """The contents of a Rasa project.

    `moved` maps intents to article ids, `counts` has the number of parts that Rasa keeps using, by kind.
    """

    articles: tuple[Article, ...]
    moved: Mapping[str, str]
    kept: tuple[KeptIntent, ...]
    counts: Mapping[str, int]
    warnings: tuple[str, ...]


def read_project(
    folder: Path,
    *,
    known_fields: Iterable[str] = (),
    default_language: str | None = None,
    ignored: Iterable[str] = (),
    domain: Sequence[Path] = (),
    data: Sequence[Path] = (),
) -> RasaProject:
    """Separate the articles of a project from its dialogues.

    `known_fields` are template fields that Sufler fills in. An answer with other fields stays with Rasa.
    `ignored` are actions and slots that only keep books, so that an answer is fixed in spite of them.
    `domain` and `data` are paths as for `rasa train`, by default those that Rasa takes.

    Raises:
        BadFile: when a file cannot be read, or the folder contains no intent.
    """
    read = ProjectParts(ignored=frozenset(ignored))
    budget = Budget(folder)
    documents: list[tuple[Path, Node]] = []
    warn = read.warnings.setdefault
    files = [folder] if folder.is_file() else project_files(folder, domain=domain, data=data, warn=warn)
    if old := [file for file in files if is_legacy(file)]:
        warn(
            f"{old[0]}: is Rasa 1's {'Markdown' if old[0].suffix.lower() == '.md' else 'JSON'} ({len(old)} "
            f"files in all) and read as such. Rasa 2 converts it to YAML: {CONVERT}"
        )
    for path in files:
        document = load_document(path)
        budget.check()
        if document is not None:
            documents.append((path, document))
    for file, root in documents:  # forms and checkpoints first, because the meaning of a step depends on them
        read_domain(read, file, root)
        read_checkpoints(read, root)
    for file, root in documents:
        read_nlu(read, file, root)
        read_steps(read, file, root)
    if not read.intents and read.flows:
        names = ", ".join(list(read.flows)[:_MAX_NAMED]) + (", …" if len(read.flows) > _MAX_NAMED else "")
        problem = (
            f"is a CALM assistant: it has {len(read.flows)} flows ({names}), which a language model chooses, "
            "and no intent with examples that could become a question: there is nothing to import"
        )
        raise BadFile(folder, problem)
    if not read.intents:
        problem = (
            f"contains no intent with examples in {len(files)} files of Rasa's: give the folder of a Rasa "
            "project, or its paths by --domain and --data"
        )
        raise BadFile(folder, problem)
    records, moved, kept = _sort_intents(read, frozenset(known_fields), budget)
    reading = Reading(folder, ReadOptions(default_language=default_language), budget, on_warning=warn)
    articles = tuple(assemble(reading, as_text(reading, records, page=None))) if records else ()
    reading.finish()
    return RasaProject(
        articles=articles,
        moved={name: article.id for name, article in zip(moved, articles, strict=True)},
        kept=tuple(kept),
        counts={kind: len(names) for kind, names in read.counted.items() if names},
        warnings=tuple(read.warnings),
    )


# --- sorting out --------------------------------------------------------------------------------


def _sort_intents(
    read: ProjectParts, known_fields: frozenset[str], budget: Budget
) -> tuple[list[Record], list[str], list[KeptIntent]]:
    records: list[Record] = []
    moved: list[str] = []
    kept: list[KeptIntent] = []
    answering: set[str] = set()
    for name, intent in read.intents.items():
        budget.check()
        found = _answers(read, name)
        if isinstance(found, KeptIntent):
            kept.append(found)
            continue
        left_out: list[str] = []
        answer = "\n\n".join(filter(None, (_text(read, response, left_out.append) for response in found)))
        strange = sorted(set(_FIELD.findall(answer)) - known_fields)
        if strange:
            kept.append(KeptIntent(intent=name, reason=KeepReason.FIELDS, detail=", ".join(strange)))
        elif not answer.strip():
            kept.append(KeptIntent(intent=name, reason=KeepReason.UNANSWERED, detail=", ".join(found)))
        elif not intent.examples:
            kept.append(KeptIntent(intent=name, reason=KeepReason.NO_EXAMPLES))
        else:
            record = record_of(name, intent, answer)
            records.append(record if record.values["topic"] else _with_topic(record, name))
            moved.append(name)
            answering.update(found)
            read.warnings |= dict.fromkeys(left_out)
    retrieval = {name.partition("/")[0] for name in read.intents if "/" in name}
    unread = [name for name in read.declared if name not in read.intents and name not in retrieval]
    for name in unread:
        reason = KeepReason.OUT_OF_SCOPE if name in _OUT_OF_SCOPE else KeepReason.NO_EXAMPLES
        kept.append(KeptIntent(intent=name, reason=reason))
    read.count("responses", read.responses.keys() - answering)
    return records, moved, kept


def _answers(read: ProjectParts, name: str) -> tuple[str, ...] | KeptIntent:
    """Return the names of the responses that answer an intent, or the reason why it stays with Rasa."""
    if name in _OUT_OF_SCOPE:
        return KeptIntent(intent=name, reason=KeepReason.OUT_OF_SCOPE)
    if name in read.triggers:
        return KeptIntent(intent=name, reason=KeepReason.FLOW, detail=read.triggers[name])
    base, is_retrieval, _ = name.partition("/")
    own_response = UTTER + name
    follows = {steps for steps in read.follows.get(base, []) if steps}
    if is_retrieval and base in read.intents:  # these steps follow the plain intent of that name
        follows = set()
    elif is_retrieval:  # its answer is always the same, regardless of the continuation
        answers = {UTTER + base: own_response, _FROM_ARTICLES: own_response}
        follows = {tuple(answers.get(step, step) for step in steps if step) for steps in follows}
    begun = _find_dialogue(read, name, follows)
    if begun is not None:
        return _with_fixed_answer(read, begun, follows, own_response if is_retrieval else None)
    found: tuple[str, ...] = (own_response,) if is_retrieval or name not in read.follows else ()
    if is_retrieval:
        depends = any(own_response not in steps for steps in follows)
    else:
        found = next(iter(follows), found)
        depends = len(follows) > 1 or bool(follows and name not in read.opens)
    if depends:
        return KeptIntent(intent=name, reason=KeepReason.STORY)
    if any(_is_conditional(read, step) for step in found):
        return KeptIntent(intent=name, reason=KeepReason.STORY, detail=", ".join(found))
    for step in found:
        channels = _foreign_channels(read, step)
        if channels:
            detail = f"{step}: {', '.join(channels)}"
            return KeptIntent(intent=name, reason=KeepReason.CHANNEL, detail=detail)
    if found and all(step in read.responses for step in found):
        return found
    missing = [step for step in found if follows and step not in read.responses]
    return KeptIntent(intent=name, reason=KeepReason.UNANSWERED, detail=", ".join(missing))


def _find_dialogue(read: ProjectParts, name: str, follows: Iterable[tuple[str, ...]]) -> KeptIntent | None:
    """Return the form, action or slot that makes an intent part of a dialogue, or None."""
    slot = (
        KeptIntent(intent=name, reason=KeepReason.SLOT, detail=read.fills[name])
        if name in read.fills
        else None
    )
    if slot is not None and name not in read.opens:  # it only answers a question of the bot
        return slot
    for steps in sorted(follows):
        form = next((step for step in steps if step in read.forms), None)
        if form is not None:
            return KeptIntent(intent=name, reason=KeepReason.FORM, detail=form)
        action = next((step for step in steps if not step.startswith(UTTER)), None)
        if action is not None:
            return KeptIntent(
                intent=name, reason=KeepReason.ACTION if action else KeepReason.STORY, detail=action
            )
    return slot


def _with_fixed_answer(
    read: ProjectParts, kept: KeptIntent, follows: Set[tuple[str, ...]], own_response: str | None
) -> KeptIntent:
    """Add the answer that an intent has all the same, and the actions or the slot beside it."""
    if kept.reason not in {KeepReason.ACTION, KeepReason.SLOT}:
        return kept
    answers = {tuple(step for step in steps if step.startswith(UTTER)) for steps in follows}
    actions = {step for steps in follows for step in steps if not step.startswith(UTTER)}
    if not follows and own_response is not None:
        answers = {(own_response,)}
    answer = next(iter(answers)) if len(answers) == 1 else ()
    if (
        not answer
        or ELSEWHERE in actions
        or (own_response is None and kept.intent not in read.opens)
        or any(step not in read.responses or _is_conditional(read, step) for step in answer)
    ):
        return kept
    slots = [read.fills[kept.intent]] if kept.intent in read.fills else []
    return replace(kept, answer=", ".join(answer), ignore=(*sorted(actions), *slots))


def _is_conditional(read: ProjectParts, response: str) -> bool:
    """Return True if the response depends on a slot."""
    variants = read.responses[response][1].items if response in read.responses else []
    return any("condition" in variant.fields for variant in variants)


def _foreign_channels(read: ProjectParts, response: str) -> list[str]:
    """Return the channels of a response that has texts, but none for Telegram or for every channel."""
    if response not in read.responses or usable_texts(read.responses[response][1]):
        return []
    variants = read.responses[response][1].items
    channels = (variant.fields["channel"].text for variant in variants if "channel" in variant.fields)
    has_text = any("text" in variant.fields for variant in variants)
    return list(dict.fromkeys(filter(None, channels))) if has_text else []


def _text(read: ProjectParts, response: str, warn: Warn) -> str:
    file, variants = read.responses[response]
    if any(_NO_TEXT & variant.fields.keys() for variant in variants.items):
        warn(f"{file}, row {variants.line}: of the response {response} only the text is taken")
    return answer_of(file, response, variants, warn)


def _with_topic(record: Record, name: str) -> Record:
    """Set the topic of a plain intent, which names none: courtesies are small talk."""
    words = set(_WORD.findall(name.lower()))
    topic = SMALL_TALK if words & _SMALL_TALK or {"how", "are", "you"} <= words else None
    return replace(record, values={**record.values, "topic": topic})
