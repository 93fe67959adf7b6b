from pathlib import Path

import pytest

from nlu.errors import BadTrainingData
from nlu.training_data import Example, read_examples


def write(folder: Path, text: str) -> Path:
    path = folder / "nlu.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_examples_lose_their_annotations(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(
        tmp_path,
        'version: "3.1"\nnlu:\n- intent: order\n  examples: |\n'
        '    - где [заказ](item) из [Омска]{"entity": "city"}\n'
        '    - с [Ленина][{"entity": "street"}, {"entity": "name"}] до дома\n'
        "    # a remark\n    -  привет\n- lookup: city\n  examples: |\n    - Омск\n"
        "- intent: bye\n  examples:\n  - text: пока\n  - до встречи\n",
    )
    assert read_examples(path) == [
        Example(text="где заказ из Омска", intent="order"),
        Example(text="с Ленина до дома", intent="order"),
        Example(text="привет", intent="order"),
        Example(text="пока", intent="bye"),
        Example(text="до встречи", intent="bye"),
    ]
    assert "row 9: lookup is Rasa's: Sufler does not use it" in caplog.text


def test_what_is_passed_over_is_named_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(
        tmp_path,
        'version: "3.1"\n'
        "nlu:\n"
        '- {synonym: СПб, examples: "- Питер"}\n'
        '- {regex: number, examples: "- [0-9]+"}\n'
        '- {intent: faq/returns, examples: "- как вернуть"}\n'
        '- {intent: hi, examples: "- привет"}\n',
    )
    for _ in range(2):
        assert read_examples(path) == [Example(text="привет", intent="hi")]
    assert [record.message.partition(", row ")[2] for record in caplog.records] == [
        "3: synonym is Rasa's: Sufler does not use it",
        "4: regex is Rasa's: Sufler does not use it",
        f"5: faq/returns is an article, not an intent: sufler import-rasa {tmp_path}",
    ]


def test_a_folder_is_read_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("nlu:\n- intent: b\n  examples: |\n    - да\n", encoding="utf-8")
    (tmp_path / "a.yml").write_text("version: '3.1'\n", encoding="utf-8")
    assert [example.intent for example in read_examples(tmp_path)] == ["b"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nlu: [", "row 1: is not valid YAML"),
        ("- a\n", "row 1: must be a mapping"),
        ("nlu: 5\n", "row 1: nlu must be a list"),
        ("nlu:\n- intent: a\n", "row 2: intent a has no examples"),
        ("nlu:\n- examples: |\n    - да\n", "row 2: an entry of nlu needs an intent"),
        ("nlu:\n- intent: a\n  examples: |\n    - да\n    нет\n", "row 5: an example must start with"),
        ("nlu:\n- intent: a\n  examples: {}\n", "row 3: examples must be text"),
        ("nlu:\n- intent: a\n  examples: |\n    - " + "[" * 20_001, "row 4: is an example of over 20000"),
        ("nlu: &a [*a]\n", "row 1: the alias '*a' stands for what it is itself a part of"),
        ("nlu: " + "[" * 100_000, "row 1: is nested too deeply"),
        ("nlu:\n- 5\n", "row 2: an entry of nlu must be a mapping"),
    ],
)
def test_errors_name_file_and_row(tmp_path: Path, text: str, problem: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(BadTrainingData) as error:
        read_examples(path)
    assert str(error.value).startswith(f"{path}, ")
    assert problem in str(error.value)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadTrainingData, match="no such file"):
        read_examples(tmp_path / "nlu.yml")


def test_the_shipped_examples_can_be_read() -> None:
    examples = read_examples(Path(__file__).parents[2] / "training_data" / "nlu.yml")
    assert {"greeting", "handoff_request", "complaint", "swearing"} <= {
        example.intent for example in examples
    }


def test_of_a_key_that_comes_twice_the_last_one_holds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "nlu.yml"
    path.write_text(
        "version: '3.1'\nversion: '3.1'\nnlu:\n- intent: a\n  examples: '- no'\n  examples: '- yes'\n",
        encoding="utf-8",
    )
    assert read_examples(path) == [Example(text="yes", intent="a")]
    assert "nlu.yml, row 2: the key 'version' comes twice: the last one holds" in caplog.text
