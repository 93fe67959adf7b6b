"""The report in a browser is a single file that fetches nothing, executes nothing and shows every script."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markupsafe import Markup
from playwright.sync_api import Page as Tab

from evaluation import ScoredCase, compare, selective_report
from evaluation.data_quality import DataWarning
from evaluation.learning import CurvePoint
from evaluation.paired import retrieval_statistics
from evaluation.report import Page, render
from evaluation.report.groups import OUT_OF_SCOPE, worst_groups
from tests.browser import chromium

pytestmark = pytest.mark.slow

TEXTS = ["где мой заказ", "איפה ההזמנה שלי", "<script>document.title = 'owned'</script>", "my order & me"]


def outcomes(offset: int = 0) -> list[ScoredCase]:
    rows = []
    for number in range(60):
        is_right = (number + offset) % 3 != 0 and number % 10 != 9
        in_scope = number % 10 != 9
        rows.append(
            ScoredCase(
                text=f"{TEXTS[number % 4]} {number}", right=(f"заказ-{number % 5}",) if in_scope else (),
                suggested=f"заказ-{number % 5}" if is_right else "возврат", confidence=(number % 20) / 20,
                rank=1 if is_right else 2, is_right=is_right, in_scope=in_scope,
            )
        )  # fmt: skip
    return rows


def page(title: str = "Selective <b>answering</b>") -> str:
    report = selective_report(outcomes(), target=0.9, threshold=0.8)
    coverage = report.metrics["coverage"]
    return render(
        Page(
            title=title,
            metrics={**report.metrics, "p_at_1": None},
            counts={"n_cases": "60"},
            facts={"command": "sufler evaluate selective", "machine": "m", "versions": "v"},
            outcomes=report.outcomes,
            headline=("coverage", "p_at_1"),
            groupings={"Worst topics": lambda article: article},
            warnings=[DataWarning(problem="texts under two intents", count=7, examples=("a <i>", "b", "c"))],
            in_scope=[0.5] * 60,
            threshold=0.8,
            target=0.9,
            curve=[
                CurvePoint(per_article=n, n_learned=n, p_at_1=coverage, hit_at_3=coverage) for n in (0, 1, 2)
            ],
            comparison=compare(outcomes(), outcomes(1), retrieval_statistics()),
            against="other.yml",
        )
    )


def test_nothing_is_fetched_and_nothing_is_executed() -> None:
    html = page()
    assert "<script" not in html
    references = re.findall(r"(?:src|href|data)\s*=\s*[\"']([^\"']*)", html) + re.findall(
        r"url\(([^)]*)", html
    )
    assert references
    assert all(reference.startswith("#") for reference in references)
    assert "@import" not in html
    assert "&lt;script&gt;document.title" in html
    assert html.count("<svg") == 5
    assert not re.search(r"#0[1-6]0[1-6]0[1-6]\b", html)  # every colour comes from the page's own palette


def test_the_policy_stands_before_everything_that_it_is_for() -> None:
    before, _, after = page().partition('<meta http-equiv="Content-Security-Policy" content="')
    assert re.findall(r"<(\w+)", before) == ["html", "head", "meta"]
    policy = dict(part.strip().split(" ", 1) for part in after.partition('"')[0].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_worst_come_first_with_what_they_were_taken_for() -> None:
    groups = worst_groups(outcomes(), lambda label: label)
    assert groups[0].n_wrong >= groups[-1].n_wrong
    assert groups[0].confusions == (("возврат", groups[0].n_wrong),)
    outside = next(group for group in groups if group.name == OUT_OF_SCOPE)
    assert (outside.n_wrong, outside.right.value, outside.right.n) == (6, 0, 6)


@pytest.fixture
def tab() -> Iterator[Tab]:
    with chromium() as opened:
        context = opened.new_context(offline=True)
        yield context.new_page()
        context.close()


@pytest.mark.e2e
def test_a_script_in_it_does_not_run_even_unescaped(tab: Tab, tmp_path: Path) -> None:
    attack = (
        "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">"
        "<svg onload=\"document.title = 'owned'\"></svg>"
        "<iframe srcdoc=\"<script>parent.document.title = 'owned'</script>\"></iframe>"
        '<object data="data:text/html,<script>alert(1)</script>"></object>'
        "<a id=attack href=\"javascript:document.title = 'owned'\">attack</a>"
    )
    path = tmp_path / "report.html"
    path.write_text(page(Markup(attack)), encoding="utf-8")  # as if escaping had failed  # noqa: S704
    refused: list[str] = []
    tab.on("console", lambda message: refused.append(message.text))
    tab.goto(path.as_uri())
    tab.locator("#attack").last.click()
    assert tab.title() != "owned"
    assert sum("Content Security Policy" in text for text in refused) >= 5


@pytest.mark.e2e
def test_a_browser_without_network_shows_it(tab: Tab, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page(), encoding="utf-8")
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("requestfailed", lambda request: complaints.append(request.url))
    tab.set_viewport_size({"width": 1200, "height": 900})
    tab.goto(path.as_uri())
    assert complaints == []
    assert tab.title() == "Selective <b>answering</b>"
    assert tab.locator("svg").count() == 5
    for picture in tab.locator("svg").all():
        box = picture.bounding_box()
        assert box is not None
        assert box["width"] > 300
        assert box["height"] > 150
    body = tab.locator("body").inner_text()
    for text in TEXTS:
        assert text in body
    for width in (1200, 400):  # nothing sticks out sideways
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    colours = set()
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        colours.add(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 2
