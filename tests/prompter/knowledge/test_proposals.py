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
from prompter.domain.drafts import Draft, ProposalKind, Source, merge_proofs
from prompter.knowledge.proposals import ProposalState, RefreshCounts
from prompter.storage import Store
from tests.fakes import SHOP, FakeClock
from tests.prompter.knowledge.drafted import by_first_word, changed_answer, new_article, phrasing, proof
from tests.shop import Shop

CANCEL = "Нажмите «Отменить»."


class ProposalShop(Shop):
    """A shop with two supervisors."""

    @property
    def boss(self) -> Account:
        return self.people["boss"]

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
def shop(store: Store) -> ProposalShop:
    return ProposalShop(store, staff=dict.fromkeys(("vera", "boss"), Role.SUPERVISOR))


# --- approving ----------------------------------------------------------------------------------


def test_a_new_article_is_published_under_a_readable_id(shop: ProposalShop) -> None:
    (number,) = shop.add(new_article("Можно оплатить картой?", "картой можно", "МОЖНО ОПЛАТИТЬ КАРТОЙ"))
    revision = shop.knowledge.revision()
    approved = shop.proposals.approve(number, shop.vera, topic="payment")
    assert approved.article_id == "mozhno-oplatit-kartoy"
    article, versions = shop.knowledge.article(approved.article_id)
    assert article == Article(
        id="mozhno-oplatit-kartoy",
        question="Можно оплатить картой?",
        answer="Да, при получении.",
        topic="payment",
        language="ru",
        phrasings=("картой можно",),
    )
    assert [version.changed_by for version in versions] == ["vera"]
    assert shop.knowledge.revision() == revision + 1
    settled = shop.proposals.get(number)
    assert (settled.state, settled.article_id, settled.settled_by) == (
        ProposalState.APPROVED,
        "mozhno-oplatit-kartoy",
        "vera",
    )
    assert shop.open() == []


def test_ids_are_unique(shop: ProposalShop) -> None:
    one, other = shop.add(new_article("Где вы?", turns=[1, 2]), new_article("Куда ехать", turns=[3]))
    shop.proposals.edit(other, shop.vera, question="где вы")
    ids = [shop.proposals.approve(each, shop.vera).article_id for each in (one, other)]
    assert ids == ["gde-vy", "gde-vy-2"]


def test_a_phrasing_is_added(shop: ProposalShop) -> None:
    (number,) = shop.add(phrasing("order-cancel", "передумал покупать", "я передумал"))
    revision = shop.knowledge.revision()
    assert shop.proposals.approve(number, shop.vera).article_id == "order-cancel"
    assert shop.knowledge.article("order-cancel")[0].phrasings == ("передумал покупать",)
    assert shop.knowledge.revision() == revision + 1


def test_an_answer_is_changed_and_everything_else_stays(shop: ProposalShop) -> None:
    before = shop.change("order-cancel", valid_from=date(2026, 1, 1), phrasings=("не надо заказ",))
    (number,) = shop.add(changed_answer("order-cancel", CANCEL, added=["Деньги вернутся за 3 дня."]))
    shop.proposals.approve(number, shop.vera)
    article, versions = shop.knowledge.article("order-cancel")
    assert article == replace(before, answer="Нажмите «Отменить». Деньги вернутся за 3 дня.")
    assert versions[-1].changed_by == "vera"


def test_the_questions_of_a_new_article_can_go_to_one_that_exists(shop: ProposalShop) -> None:
    (number,) = shop.add(new_article("отмена как", "как отменить заказ"))
    approved = shop.proposals.approve(number, shop.vera, as_phrasings_of="order-cancel")
    assert approved.article_id == "order-cancel"
    assert shop.knowledge.article("order-cancel")[0].phrasings == ("отмена как",)
    (other,) = shop.add(phrasing("order-cancel", "заказ долой"))
    with pytest.raises(InvalidProposal, match="new article"):
        shop.proposals.approve(other, shop.vera, as_phrasings_of="order-where")


def delete_article(shop: ProposalShop, article_id: str) -> None:
    with shop.proposals._store.write() as tx:
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
        (lambda shop: shop.change("order-cancel", status=Status.ARCHIVED), ArticleGone),
        (lambda shop: delete_article(shop, "order-cancel"), ArticleGone),
        (lambda shop: shop.change("order-cancel", answer="Позвоните нам."), ArticleChanged),
    ],
    ids=["archived", "deleted", "changed"],
)
def test_an_article_that_changed_meanwhile(
    shop: ProposalShop, draft: Draft, happens: Callable[[ProposalShop], object], error: type[PrompterError]
) -> None:
    (number,) = shop.add(draft)
    happens(shop)
    revision = shop.knowledge.revision()
    if error is ArticleChanged and draft.kind is ProposalKind.PHRASING:
        assert shop.proposals.approve(number, shop.vera).article_id == "order-cancel"
        return
    with pytest.raises(error, match="order-cancel"):
        shop.proposals.approve(number, shop.vera)
    assert shop.open() == [number]  # nothing has happened
    assert shop.knowledge.revision() == revision


def test_an_answer_has_to_be_written_where_nobody_gave_one(shop: ProposalShop) -> None:
    (number,) = shop.add(new_article("Сколько весит посылка?", answer=""))
    with pytest.raises(InvalidProposal, match="answer"):
        shop.proposals.approve(number, shop.vera)
    shop.proposals.edit(number, shop.vera, answer="До 20 кг.")
    shop.proposals.approve(number, shop.vera)
    assert shop.knowledge.article("skolko-vesit-posylka")[0].answer == "До 20 кг."


def test_two_supervisors_approve_the_same_at_once(shop: ProposalShop) -> None:
    numbers = shop.add(*(new_article(f"{word} какой?") for word in ("Цвет", "Вес", "Срок", "Размер")))

    def approve(account: Account) -> list[Exception | None]:
        return [outcome.error for outcome in shop.proposals.approve_many(numbers, account)]

    with ThreadPoolExecutor() as pool:
        one, other = pool.map(approve, (shop.vera, shop.boss))
    for first, second in zip(one, other, strict=True):
        assert [type(error) for error in (first, second) if error] == [AlreadySettled]
    assert len(list(shop.knowledge.articles())) == len(SHOP) + 4


def test_many_at_once(shop: ProposalShop) -> None:
    fine, empty, gone_by = shop.add(
        new_article("Цвет какой?", turns=[1, 2, 3]),
        new_article("Вес какой?", answer="", turns=[4, 5]),
        phrasing("no-such-article", "что-то"),
    )
    done = shop.proposals.approve_many([fine, empty, gone_by, 999, fine], shop.vera, topic="goods")
    assert [(outcome.proposal_id, outcome.article_id, type(outcome.error)) for outcome in done] == [
        (fine, "cvet-kakoy", type(None)),
        (empty, None, Unanswered),
        (gone_by, None, ArticleGone),
        (999, None, NotFound),
    ]
    assert shop.knowledge.article("cvet-kakoy")[0].topic == "goods"
    dismissed = shop.proposals.dismiss_many([fine, empty, gone_by], shop.vera)
    assert [type(outcome.error) for outcome in dismissed] == [AlreadySettled, type(None), type(None)]
    assert shop.open() == []


# --- editing, dismissing, merging ---------------------------------------------------------------


def test_an_edit_survives_new_evidence(shop: ProposalShop) -> None:
    (number,) = shop.add(new_article("картой платить?", "картой можно?", turns=[1, 2]))
    shop.proposals.edit(number, shop.vera, question=" Можно платить\nкартой? ", topic="payment")
    report = shop.proposals.add([new_article("можно ли картой", "картой можно?", turns=[1, 2, 3])])
    assert report == RefreshCounts(new=0, grown=1, known=0)
    proposal = shop.proposals.get(number)
    assert (proposal.question, proposal.topic, proposal.edited_by) == (
        "Можно платить картой?",
        "payment",
        shop.vera.id,
    )
    assert (proposal.proof.n_turns, proposal.proof.turns) == (3, (1, 2, 3))


def test_what_is_not_edited_takes_the_new_words(shop: ProposalShop) -> None:
    (number,) = shop.add(new_article("картой платить?", turns=[1, 2]))
    shop.add(new_article("Можно ли картой", turns=[1, 2, 3], answer="Да."))
    proposal = shop.proposals.get(number)
    assert (proposal.question, proposal.answer) == ("Можно ли картой", "Да.")


def test_only_what_was_looked_at_is_changed(shop: ProposalShop) -> None:
    (number,) = shop.add(new_article("картой платить?", "картой можно?", turns=[1, 2]))
    seen = shop.proposals.get(number).wording
    shop.proposals.edit(number, shop.boss, answer="Да.")
    for act in (
        lambda: shop.proposals.edit(number, shop.vera, answer="Нет.", seen=seen),
        lambda: shop.proposals.approve(number, shop.vera, seen=seen),
    ):
        with pytest.raises(ProposalChanged):
            act()
    (outcome,) = shop.proposals.approve_many([number], shop.vera, seen={number: seen})
    assert type(outcome.error) is ProposalChanged
    newest = shop.proposals.get(number)
    assert newest.answer == "Да."
    shop.proposals.approve(number, shop.vera, seen=newest.wording)


def test_phrasings_of_a_new_article_can_be_chosen(shop: ProposalShop) -> None:
    (number,) = shop.add(new_article("картой платить?", "картой можно?", "чушь", turns=[1, 2, 3]))
    assert shop.proposals.get(number).phrasings == ("картой можно?", "чушь")
    shop.proposals.edit(number, shop.vera, phrasings=[" картой\tможно? ", "", "безнал?", "безнал?"])
    shop.add(new_article("картой платить?", "опять картой", turns=[1, 2, 3, 4]))
    assert shop.proposals.get(number).phrasings == ("картой можно?", "безнал?")
    shop.proposals.approve(number, shop.vera)
    assert shop.knowledge.article("kartoy-platit")[0].phrasings == ("картой можно?", "безнал?")
    (other,) = shop.add(phrasing("order-cancel", "передумал"))
    with pytest.raises(InvalidProposal, match="phrasings"):
        shop.proposals.edit(other, shop.vera, phrasings=["а"])


def test_a_changed_answer_can_be_brought_up_to_date(shop: ProposalShop) -> None:
    (number,) = shop.add(changed_answer("order-cancel", CANCEL, added=["Это бесплатно."]))
    shop.change("order-cancel", answer="Позвоните нам.")
    shop.proposals.edit(number, shop.vera, answer="Позвоните нам. Это бесплатно.")
    with pytest.raises(ArticleChanged):  # nobody says that the new answer has been looked at
        shop.proposals.approve(number, shop.vera)
    shop.proposals.edit(number, shop.vera, base_answer="Позвоните нам.")
    shop.proposals.approve(number, shop.vera)
    assert shop.knowledge.article("order-cancel")[0].answer == "Позвоните нам. Это бесплатно."


def test_what_is_taken_back_says_so(shop: ProposalShop) -> None:
    (number,) = shop.add(new_article("картой платить?", turns=[1, 2]))
    shop.proposals.refresh([])
    with pytest.raises(Outdated, match="nothing speaks"):
        shop.proposals.approve(number, shop.vera)


def test_what_cannot_be_edited(shop: ProposalShop) -> None:
    article, phrase = shop.add(
        new_article("картой платить?", turns=[1, 2]), phrasing("order-cancel", "передумал")
    )
    with pytest.raises(InvalidProposal, match="answer"):
        shop.proposals.edit(phrase, shop.vera, answer="Да.")
    with pytest.raises(InvalidArticle, match="language"):
        shop.proposals.edit(article, shop.vera, language="по-русски")
    with pytest.raises(InvalidArticle, match="question"):
        shop.proposals.edit(article, shop.vera, question=" ")
    with pytest.raises(NotFound):
        shop.proposals.edit(999, shop.vera, question="?")
    shop.proposals.dismiss(article, shop.vera)
    for act in (
        lambda: shop.proposals.edit(article, shop.boss, answer="Да."),
        lambda: shop.proposals.approve(article, shop.boss),
        lambda: shop.proposals.dismiss(article, shop.boss),
        lambda: shop.proposals.merge([article], phrase, shop.boss),
    ):
        with pytest.raises(AlreadySettled, match="vera"):
            act()


def test_several_are_merged_into_one(shop: ProposalShop) -> None:
    numbers = shop.add(
        new_article("картой платить?", turns=[1, 2, 3], answer="Да."),
        new_article("безнал есть?", turns=[4, 5], answer="Есть."),
        new_article("перевод можно?", turns=[6]),
    )
    into = numbers[0]
    merged = shop.proposals.merge(numbers, into, shop.vera)
    assert shop.open() == [into]
    assert merged.proof.n_turns == 6
    assert merged.proof.turns == (1, 2, 3, 4, 5, 6)
    assert (merged.question, merged.answer) == ("картой платить?", "Да.")
    # What comes to one that was merged comes to the one that it was merged into.
    shop.proposals.refresh([new_article("безнал есть?", turns=[4, 5, 7])], encode=by_first_word)
    grown = shop.proposals.get(into)
    assert (shop.open(), grown.proof.n_turns, grown.question) == ([into], 7, "картой платить?")
    shop.proposals.approve(into, shop.vera)
    assert shop.knowledge.article("kartoy-platit")[0].phrasings == ("безнал есть?", "перевод можно?")


def test_only_the_same_kind_can_be_merged(shop: ProposalShop) -> None:
    one, other, third = shop.add(
        new_article("картой платить?", turns=[1, 2, 3]),
        phrasing("order-cancel", "передумал", turns=[4, 5]),
        phrasing("order-where", "где посылка", turns=[6]),
    )
    for into, numbers in ((one, [other]), (other, [third]), (one, []), (one, [one])):
        with pytest.raises(InvalidProposal):
            shop.proposals.merge(numbers, into, shop.vera)
    assert len(shop.open()) == 3


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
    shop: ProposalShop, first: Draft, again: Draft, same: bool, settled: ProposalState
) -> None:
    (number,) = shop.add(first)
    with shop.proposals._store.write() as tx:
        tx.proposals.settle(number, settled, FakeClock().now, settled_by=shop.vera.id)
    report = shop.proposals.add([again], encode=by_first_word)
    assert report == RefreshCounts(new=0 if same else 1, grown=0, known=1 if same else 0)
    assert len(shop.open()) == (0 if same else 1)
    if same:
        # It is followed while it drifts: what is like the last one of a chain is known, too.
        assert set(again.proof.turns) <= set(shop.proposals.get(number).proof.turns)


def test_what_decisions_no_longer_say_is_outdated_and_may_come_again(shop: ProposalShop) -> None:
    shop.add(
        ASKED,
        new_article("доставка когда?", turns=[11, 12]),
        new_article("старое дело?", source=Source.HISTORY),
    )
    edited, *_ = shop.add(new_article("правлено", turns=range(20, 30)))
    shop.proposals.edit(edited, shop.vera, answer="Так.")
    report = shop.proposals.refresh([ASKED], encode=by_first_word)
    assert report == RefreshCounts(new=0, grown=1, known=0, outdated=1)
    assert {shop.proposals.get(each).question for each in shop.open()} == {
        "картой платить?",
        "старое дело?",
        "правлено",
    }
    assert shop.proposals.refresh([ASKED, new_article("доставка когда?", turns=[11, 12])]).new == 1


def test_reading_the_same_history_twice_counts_once(shop: ProposalShop) -> None:
    draft = new_article("картой платить?", "картой можно?", source=Source.HISTORY)
    (number,) = shop.add(draft)
    assert shop.add(draft) == [number]
    assert shop.proposals.get(number).proof == draft.proof


def test_two_that_propose_at_the_same_time(shop: ProposalShop) -> None:
    drafts = [new_article(f"{word} какой?", turns=[number]) for number, word in enumerate(("Цвет", "Вес"))]
    with ThreadPoolExecutor() as pool:
        reports = list(pool.map(lambda _: shop.proposals.add(drafts), range(4)))
    assert sum(report.new for report in reports) == 2
    assert len(shop.open()) == 2


def test_the_heaviest_stands_first_and_filters_hold(shop: ProposalShop) -> None:
    shop.add(
        new_article("раз?", turns=[1]),
        new_article("два?", turns=[2, 3]),
        phrasing("order-cancel", "три", turns=[4, 5, 6]),
    )
    proposals = shop.proposals

    def names(found: Sequence[object]) -> list[str]:
        return [one.question for one in found]  # type: ignore[attr-defined]

    assert names(proposals.open()) == ["три", "два?", "раз?"]
    assert names(proposals.open(kind=ProposalKind.NEW_ARTICLE)) == ["два?", "раз?"]
    assert names(proposals.open(article_id="order-cancel")) == ["три"]
    assert names(proposals.open(language="en")) == []
    assert names(proposals.open(limit=1, offset=1)) == ["два?"]
    assert proposals.count_open() == {
        ProposalKind.PHRASING: 1,
        ProposalKind.CHANGED_ANSWER: 0,
        ProposalKind.NEW_ARTICLE: 2,
    }


def test_proofs_are_joined_without_counting_twice() -> None:
    one, other = proof("а", "б", turns=[1, 2]), proof("б", "в", turns=[2, 3])
    both = merge_proofs(one, other)
    assert (both.turns, [(seen.text, seen.times) for seen in both.texts]) == (
        (1, 2, 3),
        [("а", 1), ("б", 1), ("в", 1)],
    )
    apart = merge_proofs(one, proof("б", turns=[7, 8, 9]))
    assert (apart.n_turns, apart.n_conversations, apart.texts[0].times) == (5, 5, 2)
