from evaluation import Case, IntentRow, warnings_of_cases, warnings_of_test, warnings_of_training


def rows(*pairs: tuple[str, str]) -> list[IntentRow]:
    return [IntentRow(text=text, intent=intent) for text, intent in pairs]


def test_training_rows() -> None:
    found = warnings_of_training(
        rows(("Hi", "greet"), ("hi ", "bye"), ("go", "bye"), ("go", "bye"), ("x", "rare")), oos_label="oos"
    )
    assert [(warning.problem, warning.count, warning.examples) for warning in found] == [
        ("texts that stand under several intents", 1, ("'hi' (bye, greet)",)),
        ("rows repeated word for word", 1, ("'go' (bye)",)),
        ("intents with one example only", 2, ("greet", "rare")),
    ]
    assert warnings_of_training(rows(("a", "x"), ("b", "x"), ("c", "y"), ("d", "y"))) == []
    single = warnings_of_training(rows(("a", "x"), ("b", "x"), ("c", "oos"), ("d", "oos")), oos_label="oos")
    assert [warning.problem for warning in single] == ["a single intent, so that nothing can be mistaken"]


def test_rows_that_were_seen_before() -> None:
    found = warnings_of_test(rows(("Hi", "greet")), rows(("hi", "greet"), ("bye", "bye")))
    assert [(warning.count, warning.examples) for warning in found] == [(1, ("'hi'",)), (1, ("bye",))]
    cases = [Case(text="Where?", article_ids=("a",)), Case(text="new", article_ids=())]
    found = warnings_of_cases(cases, [Case(text="where?", article_ids=("a",))], ["NEW"])
    assert [(warning.count, warning.examples) for warning in found] == [(1, ("'Where?'",)), (1, ("'new'",))]
