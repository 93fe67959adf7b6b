"""`sufler learn --from-history` reads exports, asks who the operators are, and proposes no notes."""

import json
from pathlib import Path

import pytest

from sufler import bootstrap
from sufler.settings import load_settings
from tests.command_line import run_command

QUESTION, ANSWER = "Можно ли погладить вашего кота?", "Да, но только за левым ухом и после обеда."
NOTE, PROMISE = "Этот клиент боится кошек", "Секунду, уточню у кота и вернусь"


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "config.yml"
    path.write_text(
        f"sufler: {{data_dir: {tmp_path / 'data'}, encoder: {{kind: tfidf}}}}\n", encoding="utf-8"
    )
    return str(path)


def group(path: Path) -> str:
    """Write four chats of a group that do not say who is who."""
    chats = []
    for number in range(4):
        said = [(f"user{number + 100}", QUESTION), ("user9", PROMISE), ("user9", ANSWER)]
        messages = [
            {
                "type": "message",
                "date_unixtime": str(second),
                "from": f"Имя {who}",
                "from_id": who,
                "text": text,
            }
            for second, (who, text) in enumerate(said, start=1_770_000_000)
        ]
        chats.append({"id": number, "type": "private_group", "messages": messages})
    path.write_text(json.dumps({"chats": {"list": chats}}, ensure_ascii=False), encoding="utf-8")
    return str(path)


def proposed(config: str) -> list[tuple[str, str, list[str]]]:
    with bootstrap.open_store(load_settings(Path(config))) as store:
        found = bootstrap.build_proposals(store).open()
    return [
        (proposal.question, proposal.answer, [answer.text for answer in proposal.proof.answers])
        for proposal in found
    ]


def test_operators_are_named_or_asked_for(tmp_path: Path, config: str) -> None:
    command = ("learn", "--from-history", group(tmp_path / "result.json"), "--config", config)
    refusal = run_command(*command).refusal
    assert "row 1: does not say whether" in refusal
    assert "--operators" in refusal
    assert "Имя" not in refusal
    assert not (tmp_path / "data").exists()

    report = run_command(*command, "--operators", 'user9,"Кто-то, ещё"', "--json").report
    assert (report["messages"], report["conversations"], report["new"]) == (12, 4, 1)
    assert report["formats"] == {"telegram": 1}
    assert report["remarks"] == ["1 of 2 names in --operators wrote nothing"]
    assert proposed(config) == [(QUESTION, ANSWER, [ANSWER])]

    asked = run_command(*command, stdin="7\n1\n", is_terminal=True)
    assert "12 messages in 4 conversations" in asked.output
    assert "  1  user9 · Имя user9: 8 messages" in asked.stderr


def test_a_note_is_in_no_proposal(tmp_path: Path, config: str) -> None:
    path = tmp_path / "desk.csv"
    rows = [
        f"{number};{kind};{text};2026-04-0{number} 10:0{minute}:00 UTC"
        for number in range(1, 5)
        for minute, (kind, text) in enumerate(
            (("incoming", QUESTION), ("internal_note", NOTE), ("outgoing", ANSWER), ("activity", "Закрыто"))
        )
    ]
    path.write_text("\n".join(["conversation_id;message_type;content;created_at", *rows]), encoding="utf-8")
    output = run_command("learn", "--from-history", str(path), "--config", config).output
    assert output.splitlines() == [
        "Read as table: 1 file.",
        "Passed over: 4 internal notes.",
        "Passed over: 4 service messages.",
        "8 messages in 4 conversations, 1 different questions.",
        "1 new proposals, 0 extended, 0 already known.",
    ]
    assert proposed(config) == [(QUESTION, ANSWER, [ANSWER])]


def test_an_unknown_format_is_refused(tmp_path: Path, config: str) -> None:
    command = ("learn", "--from-history", group(tmp_path / "a.json"), "--format", "icq", "--config", config)
    assert "--format icq is unknown: use one of auto, table, telegram" in run_command(*command).refusal
