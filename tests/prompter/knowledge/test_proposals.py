"""Supervisors decide on proposals, and decided proposals do not return without reason."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest

from kb_index import Article, InvalidArticle, Status
from prompter.common.errors import (
    AlreadySettled,
    ArticleChanged,
    ArticleGone,
    InvalidProposal,
    NotFound,
    Outdated,
    PrompterError,
    ProposalChanged,
    Unanswered,
)
from prompter.domain.account import Account, Role
from prompter.domain.drafts import Draft, ProposalKind, Source, joined
from prompter.knowledge.knowledge_base import KnowledgeBase
from prompter.knowledge.proposals import Proposals, ProposalState, Refreshed
from prompter.storage import Store
from tests.fakes import FAST_HASHER, SHOP, FakeClock
from tests.prompter.knowledge.drafted import by_first_word, changed_answer, new_article, phrasing, proof

CANCEL = "Нажмите «Отменить»."


class Office:
    """Proposals for a small knowledge base, and two supervisors."""

    def __init__(self, store: Store) -> None:
        from prompter.accounts.service import Accounts

        clock = FakeClock()
        accounts = Accounts(store, hasher=FAST_HASHER, clock=clock)
        for name in ("vera", "boss"):
            accounts.add(name, Role.SUPERVISOR, "correct horse battery")
        self.vera, self.boss = sorted(accounts.all(), key=lambda account: account.name, reverse=True)
        self.knowledge = KnowledgeBase(store, clock=clock)
        self.knowledge.import_articles(SHOP, changed_by="test")
        self.proposals = Proposals(store, clock=clock)

    def add(self, *drafts: Draft) -> list[int]:
        """Add drafts, and return the ids of the open proposals."""
        self.proposals.add(drafts, encode=by_first_word)
        return self.open()

    def open(self) -> list[int]:
        return [proposal.id for proposal in self.proposals.open()]

    def change(self, article_id: str, **fields: object) -> Article:
        article = replace(self.knowledge.article(article_id)[0], **fields)  # type: ignore[arg-type]
        self.knowledge.import_articles([article], changed_by="vera")
        return article


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)


# --- approving ----------------------------------------------------------------------------------


def test_a_new_article_is_published_under_a_readable_id(office: Office) -> None:
    (number,) = office.add(new_article("Можно оплатить картой?", "картой можно", "МОЖНО ОПЛАТИТЬ КАРТОЙ"))
    revision = office.knowledge.revision()
    approved = office.proposals.approve(number, office.vera, topic="payment")
    assert approved.article_id == "mozhno-oplatit-kartoy"
    article, versions = office.knowledge.article(approved.article_id)
    assert article == Article(
        id="mozhno-oplatit-kartoy",
        question="Можно оплатить картой?",
        answer="Да, при получении.",
        topic="payment",
        language="ru",
        phrasings=("картой можно",),
    )
    assert [version.changed_by for version in versions] == ["vera"]
    assert office.knowledge.revision() == revision + 1
    settled = office.proposals.get(number)
    assert (settled.state, settled.article_id, settled.settled_by) == (
        ProposalState.APPROVED,
        "mozhno-oplatit-kartoy",
        "vera",
    )
    assert office.open() == []


def test_ids_are_unique(office: Office) -> None:
    one, other = office.add(new_article("Где вы?", turns=[1, 2]), new_article("Куда ехать", turns=[3]))
    office.proposals.edit(other, office.vera, question="где вы")
    ids = [office.proposals.approve(each, office.vera).article_id for each in (one, other)]
    assert ids == ["gde-vy", "gde-vy-2"]


def test_a_phrasing_is_added(office: Office) -> None:
    (number,) = office.add(phrasing("order-cancel", "передумал покупать", "я передумал"))
    revision = office.knowledge.revision()
    assert office.proposals.approve(number, office.vera).article_id == "order-cancel"
    assert office.knowledge.article("order-cancel")[0].phrasings == ("передумал покупать",)
    assert office.knowledge.revision() == revision + 1


def test_an_answer_is_changed_and_everything_else_stays(office: Office) -> None:
    before = office.change("order-cancel", valid_from=date(2026, 1, 1), phrasings=("не надо заказ",))
    (number,) = office.add(changed_answer("order-cancel", CANCEL, added=["Деньги вернутся за 3 дня."]))
    office.proposals.approve(number, office.vera)
    article, versions = office.knowledge.article("order-cancel")
    assert article == replace(before, answer="Нажмите «Отменить». Деньги вернутся за 3 дня.")
    assert versions[-1].changed_by == "vera"


def test_the_questions_of_a_new_article_can_go_to_one_that_exists(office: Office) -> None:
    (number,) = office.add(new_article("отмена как", "как отменить заказ"))
    approved = office.proposals.approve(number, office.vera, as_phrasings_of="order-cancel")
    assert approved.article_id == "order-cancel"
    assert office.knowledge.article("order-cancel")[0].phrasings == ("отмена как",)
    (other,) = office.add(phrasing("order-cancel", "заказ долой"))
    with pytest.raises(InvalidProposal, match="new article"):
        office.proposals.approve(other, office.vera, as_phrasings_of="order-where")


def gone(office: Office, article_id: str) -> None:
    with office.proposals._store.write() as tx:
        from prompter.storage.tables import article_versions, articles, phrasings

        for table, column in (
            (phrasings, phrasings.c.article_id),
            (article_versions, article_versions.c.article_id),
            (articles, articles.c.id),
        ):
            tx.articles._connection.execute(table.delete().where(column == article_id))


@pytest.mark.parametrize(
    "draft",
    [
        phrasing("order-cancel", "передумал"),
        changed_answer("order-cancel", CANCEL, added=["Это бесплатно."]),
    ],
    ids=["phrasing", "changed answer"],
)
@pytest.mark.parametrize(
    ("happens", "error"),
    [
        (lambda office: office.change("order-cancel", status=Status.ARCHIVED), ArticleGone),
        (lambda office: gone(office, "order-cancel"), ArticleGone),
        (lambda office: office.change("order-cancel", answer="Позвоните нам."), ArticleChanged),
    ],
    ids=["archived", "deleted", "changed"],
)
def test_an_article_that_changed_meanwhile(
    office: Office, draft: Draft, happens: Callable[[Office], object], error: type[PrompterError]
) -> None:
    (number,) = office.add(draft)
    happens(office)
    revision = office.knowledge.revision()
    if error is ArticleChanged and draft.kind is ProposalKind.PHRASING:
        assert office.proposals.approve(number, office.vera).article_id == "order-cancel"
        return
    with pytest.raises(error, match="order-cancel"):
        office.proposals.approve(number, office.vera)
    assert office.open() == [number]  # nothing has happened
    assert office.knowledge.revision() == revision


def test_an_answer_has_to_be_written_where_nobody_gave_one(office: Office) -> None:
    (number,) = office.add(new_article("Сколько весит посылка?", answer=""))
    with pytest.raises(InvalidProposal, match="answer"):
        office.proposals.approve(number, office.vera)
    office.proposals.edit(number, office.vera, answer="До 20 кг.")
    office.proposals.approve(number, office.vera)
    assert office.knowledge.article("skolko-vesit-posylka")[0].answer == "До 20 кг."


def test_two_supervisors_approve_the_same_at_once(office: Office) -> None:
    numbers = office.add(*(new_article(f"{word} какой?") for word in ("Цвет", "Вес", "Срок", "Размер")))

    def approve(account: Account) -> list[Exception | None]:
        return [outcome.error for outcome in office.proposals.approve_many(numbers, account)]

    with ThreadPoolExecutor() as pool:
        one, other = pool.map(approve, (office.vera, office.boss))
    for first, second in zip(one, other, strict=True):
        assert [type(error) for error in (first, second) if error] == [AlreadySettled]
    assert len(list(office.knowledge.articles())) == len(SHOP) + 4


def test_many_at_once(office: Office) -> None:
    fine, empty, gone_by = office.add(
        new_article("Цвет какой?", turns=[1, 2, 3]),
        new_article("Вес какой?", answer="", turns=[4, 5]),
        phrasing("no-such-article", "что-то"),
    )
    done = office.proposals.approve_many([fine, empty, gone_by, 999, fine], office.vera, topic="goods")
    assert [(outcome.proposal_id, outcome.article_id, type(outcome.error)) for outcome in done] == [
        (fine, "cvet-kakoy", type(None)),
        (empty, None, Unanswered),
        (gone_by, None, ArticleGone),
        (999, None, NotFound),
    ]
    assert office.knowledge.article("cvet-kakoy")[0].topic == "goods"
    dismissed = office.proposals.dismiss_many([fine, empty, gone_by], office.vera)
    assert [type(outcome.error) for outcome in dismissed] == [AlreadySettled, type(None), type(None)]
    assert office.open() == []


# --- editing, dismissing, merging ---------------------------------------------------------------


def test_an_edit_survives_new_evidence(office: Office) -> None:
    (number,) = office.add(new_article("картой платить?", "картой можно?", turns=[1, 2]))
    office.proposals.edit(number, office.vera, question=" Можно платить\nкартой? ", topic="payment")
    report = office.proposals.add([new_article("можно ли картой", "картой можно?", turns=[1, 2, 3])])
    assert report == Refreshed(new=0, grown=1, known=0)
    proposal = office.proposals.get(number)
    assert (proposal.question, proposal.topic, proposal.edited_by) == (
        "Можно платить картой?",
        "payment",
        office.vera.id,
    )
    assert (proposal.proof.n_turns, proposal.proof.turns) == (3, (1, 2, 3))


def test_what_is_not_edited_takes_the_new_words(office: Office) -> None:
    (number,) = office.add(new_article("картой платить?", turns=[1, 2]))
    office.add(new_article("Можно ли картой", turns=[1, 2, 3], answer="Да."))
    proposal = office.proposals.get(number)
    assert (proposal.question, proposal.answer) == ("Можно ли картой", "Да.")


def test_only_what_was_looked_at_is_changed(office: Office) -> None:
    (number,) = office.add(new_article("картой платить?", "картой можно?", turns=[1, 2]))
    seen = office.proposals.get(number).wording
    office.proposals.edit(number, office.boss, answer="Да.")
    for act in (
        lambda: office.proposals.edit(number, office.vera, answer="Нет.", seen=seen),
        lambda: office.proposals.approve(number, office.vera, seen=seen),
    ):
        with pytest.raises(ProposalChanged):
            act()
    (outcome,) = office.proposals.approve_many([number], office.vera, seen={number: seen})
    assert type(outcome.error) is ProposalChanged
    newest = office.proposals.get(number)
    assert newest.answer == "Да."
    office.proposals.approve(number, office.vera, seen=newest.wording)


def test_phrasings_of_a_new_article_can_be_chosen(office: Office) -> None:
    (number,) = office.add(new_article("картой платить?", "картой можно?", "чушь", turns=[1, 2, 3]))
    assert office.proposals.get(number).phrasings == ("картой можно?", "чушь")
    office.proposals.edit(number, office.vera, phrasings=[" картой\tможно? ", "", "безнал?", "безнал?"])
    office.add(new_article("картой платить?", "опять картой", turns=[1, 2, 3, 4]))
    assert office.proposals.get(number).phrasings == ("картой можно?", "безнал?")
    office.proposals.approve(number, office.vera)
    assert office.knowledge.article("kartoy-platit")[0].phrasings == ("картой можно?", "безнал?")
    (other,) = office.add(phrasing("order-cancel", "передумал"))
    with pytest.raises(InvalidProposal, match="phrasings"):
        office.proposals.edit(other, office.vera, phrasings=["а"])


def test_a_changed_answer_can_be_brought_up_to_date(office: Office) -> None:
    (number,) = office.add(changed_answer("order-cancel", CANCEL, added=["Это бесплатно."]))
    office.change("order-cancel", answer="Позвоните нам.")
    office.proposals.edit(number, office.vera, answer="Позвоните нам. Это бесплатно.")
    with pytest.raises(ArticleChanged):  # nobody says that the new answer has been looked at
        office.proposals.approve(number, office.vera)
    office.proposals.edit(number, office.vera, base_answer="Позвоните нам.")
    office.proposals.approve(number, office.vera)
    assert office.knowledge.article("order-cancel")[0].answer == "Позвоните нам. Это бесплатно."


def test_what_is_taken_back_says_so(office: Office) -> None:
    (number,) = office.add(new_article("картой платить?", turns=[1, 2]))
    office.proposals.refresh([])
    with pytest.raises(Outdated, match="nothing speaks"):
        office.proposals.approve(number, office.vera)


def test_what_cannot_be_edited(office: Office) -> None:
    article, phrase = office.add(
        new_article("картой платить?", turns=[1, 2]), phrasing("order-cancel", "передумал")
    )
    with pytest.raises(InvalidProposal, match="answer"):
        office.proposals.edit(phrase, office.vera, answer="Да.")
    with pytest.raises(InvalidArticle, match="language"):
        office.proposals.edit(article, office.vera, language="по-русски")
    with pytest.raises(InvalidArticle, match="question"):
        office.proposals.edit(article, office.vera, question=" ")
    with pytest.raises(NotFound):
        office.proposals.edit(999, office.vera, question="?")
    office.proposals.dismiss(article, office.vera)
    for act in (
        lambda: office.proposals.edit(article, office.boss, answer="Да."),
        lambda: office.proposals.approve(article, office.boss),
        lambda: office.proposals.dismiss(article, office.boss),
        lambda: office.proposals.merge([article], phrase, office.boss),
    ):
        with pytest.raises(AlreadySettled, match="vera"):
            act()


def test_several_are_merged_into_one(office: Office) -> None:
    numbers = office.add(
        new_article("картой платить?", turns=[1, 2, 3], answer="Да."),
        new_article("безнал есть?", turns=[4, 5], answer="Есть."),
        new_article("перевод можно?", turns=[6]),
    )
    into = numbers[0]
    merged = office.proposals.merge(numbers, into, office.vera)
    assert office.open() == [into]
    assert merged.proof.n_turns == 6
    assert merged.proof.turns == (1, 2, 3, 4, 5, 6)
    assert (merged.question, merged.answer) == ("картой платить?", "Да.")
    # What comes to one that was merged comes to the one that it was merged into.
    office.proposals.refresh([new_article("безнал есть?", turns=[4, 5, 7])], encode=by_first_word)
    grown = office.proposals.get(into)
    assert (office.open(), grown.proof.n_turns, grown.question) == ([into], 7, "картой платить?")
    office.proposals.approve(into, office.vera)
    assert office.knowledge.article("kartoy-platit")[0].phrasings == ("безнал есть?", "перевод можно?")


def test_only_the_same_kind_can_be_merged(office: Office) -> None:
    one, other, third = office.add(
        new_article("картой платить?", turns=[1, 2, 3]),
        phrasing("order-cancel", "передумал", turns=[4, 5]),
        phrasing("order-where", "где посылка", turns=[6]),
    )
    for into, numbers in ((one, [other]), (other, [third]), (one, []), (one, [one])):
        with pytest.raises(InvalidProposal):
            office.proposals.merge(numbers, into, office.vera)
    assert len(office.open()) == 3


# --- what comes back ----------------------------------------------------------------------------

ASKED = new_article("картой платить?", "картой можно?", turns=[1, 2, 3, 4])
ADDED = changed_answer("order-cancel", CANCEL, added=["Деньги вернутся за 3 дня."], turns=[1, 2])


@pytest.mark.parametrize(
    ("first", "again", "same"),
    [
        (ASKED, new_article("иначе названо", turns=[3, 4, 5, 6]), True),  # half of the turns
        (ASKED, new_article("иначе названо", "картой можно?"), True),  # half of the texts
        (ASKED, new_article("картой берёте?", turns=[8, 9]), True),  # means the same
        (ASKED, new_article("иначе названо", "Картой можно", turns=range(4, 40)), True),  # it grew much
        (ASKED, new_article("совсем другое", turns=[4, 5, 6, 7]), False),
        (phrasing("order-cancel", "передумал"), phrasing("order-cancel", "передумал я"), True),
        (phrasing("order-cancel", "передумал"), phrasing("order-where", "передумал"), False),
        (phrasing("order-cancel", "передумал"), new_article("передумал"), False),
        (ADDED, changed_answer("order-cancel", "Новое.", added=["Деньги вернутся за 3 дня"]), True),
        (ADDED, changed_answer("order-cancel", CANCEL, added=["Деньги вернутся за 5 дней."]), False),
        (ADDED, changed_answer("order-cancel", CANCEL, added=["Это бесплатно."], turns=[1, 2]), False),
        (ADDED, changed_answer("order-cancel", CANCEL, removed=[CANCEL], turns=[1, 2]), False),
    ],
)
@pytest.mark.parametrize("settled", [ProposalState.DISMISSED, ProposalState.APPROVED])
def test_what_was_settled_does_not_come_back(
    office: Office, first: Draft, again: Draft, same: bool, settled: ProposalState
) -> None:
    (number,) = office.add(first)
    with office.proposals._store.write() as tx:
        tx.proposals.settle(number, settled, FakeClock().now, settled_by=office.vera.id)
    report = office.proposals.add([again], encode=by_first_word)
    assert report == Refreshed(new=0 if same else 1, grown=0, known=1 if same else 0)
    assert len(office.open()) == (0 if same else 1)
    if same:
        # It is followed while it drifts: what is like the last one of a chain is known, too.
        assert set(again.proof.turns) <= set(office.proposals.get(number).proof.turns)


def test_what_decisions_no_longer_say_is_outdated_and_may_come_again(office: Office) -> None:
    office.add(
        ASKED,
        new_article("доставка когда?", turns=[11, 12]),
        new_article("старое дело?", source=Source.HISTORY),
    )
    edited, *_ = office.add(new_article("правлено", turns=range(20, 30)))
    office.proposals.edit(edited, office.vera, answer="Так.")
    report = office.proposals.refresh([ASKED], encode=by_first_word)
    assert report == Refreshed(new=0, grown=1, known=0, outdated=1)
    assert {office.proposals.get(each).question for each in office.open()} == {
        "картой платить?",
        "старое дело?",
        "правлено",
    }
    assert office.proposals.refresh([ASKED, new_article("доставка когда?", turns=[11, 12])]).new == 1


def test_reading_the_same_history_twice_counts_once(office: Office) -> None:
    draft = new_article("картой платить?", "картой можно?", source=Source.HISTORY)
    (number,) = office.add(draft)
    assert office.add(draft) == [number]
    assert office.proposals.get(number).proof == draft.proof


def test_two_that_propose_at_the_same_time(office: Office) -> None:
    drafts = [new_article(f"{word} какой?", turns=[number]) for number, word in enumerate(("Цвет", "Вес"))]
    with ThreadPoolExecutor() as pool:
        reports = list(pool.map(lambda _: office.proposals.add(drafts), range(4)))
    assert sum(report.new for report in reports) == 2
    assert len(office.open()) == 2


def test_the_heaviest_stands_first_and_filters_hold(office: Office) -> None:
    office.add(
        new_article("раз?", turns=[1]),
        new_article("два?", turns=[2, 3]),
        phrasing("order-cancel", "три", turns=[4, 5, 6]),
    )
    proposals = office.proposals

    def names(found: Sequence[object]) -> list[str]:
        return [one.question for one in found]  # type: ignore[attr-defined]

    assert names(proposals.open()) == ["три", "два?", "раз?"]
    assert names(proposals.open(kind=ProposalKind.NEW_ARTICLE)) == ["два?", "раз?"]
    assert names(proposals.open(article_id="order-cancel")) == ["три"]
    assert names(proposals.open(language="en")) == []
    assert names(proposals.open(limit=1, offset=1)) == ["два?"]
    assert proposals.waiting() == {
        ProposalKind.PHRASING: 1,
        ProposalKind.CHANGED_ANSWER: 0,
        ProposalKind.NEW_ARTICLE: 2,
    }


def test_proofs_are_joined_without_counting_twice() -> None:
    one, other = proof("а", "б", turns=[1, 2]), proof("б", "в", turns=[2, 3])
    both = joined(one, other)
    assert (both.turns, [(seen.text, seen.times) for seen in both.texts]) == (
        (1, 2, 3),
        [("а", 1), ("б", 1), ("в", 1)],
    )
    apart = joined(one, proof("б", turns=[7, 8, 9]))
    assert (apart.n_turns, apart.n_conversations, apart.texts[0].times) == (5, 5, 2)
