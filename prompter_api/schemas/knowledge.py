"""Questions to the assistant, and articles of the knowledge base."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints

from kb_index import Article, Status
from prompter.domain.topic import TopicTitles
from prompter.domain.triage import HandoffReason, Route
from prompter.knowledge.topics import MAX_LANGUAGES, MAX_TITLE_LENGTH, Topic
from prompter_api.schemas.common import LANGUAGE_TAG, MAX_ID, READABLE, ArticleId, Input, Output, Text


def _readable(text: str) -> str:
    if not any(character.isprintable() and not character.isspace() for character in text):
        raise ValueError("there is nothing to read")
    return text


class Question(Input):
    text: Annotated[Text, AfterValidator(_readable)] = Field(
        repr=False, examples=["как вернуть товар"], json_schema_extra=READABLE
    )


class SuggestedAnswer(Output):
    """A suggestion. Its template fields are not filled in."""

    article_id: str = Field(examples=["returns-how"])
    question: str = Field(examples=["Как вернуть товар"])
    answer: str = Field(examples=["Верните товар за 14 дней, {customer_name}."])
    topic: str = Field(examples=["returns"])
    language: str = Field(examples=["ru"])
    similarity: float = Field(description="Cosine; 1.0 is identical", examples=[0.91])
    confidence: float = Field(
        description="Calibrated probability that the suggestion is right", examples=[0.93]
    )


class TriageOut(Output):
    """The assistant's triage of a text."""

    utterance: str = Field(description="The text as it was read")
    intent: str | None = Field(examples=["topic:returns"])
    intent_confidence: float = Field(description="0.0 where intent is null", examples=[0.97])
    suggestions: list[SuggestedAnswer] = Field(description="Best first")
    route: Route = Field(description="Who would answer")
    handoff_reason: HandoffReason | None = Field(description="Why the bot would not answer alone")
    model_version: str


class PartOut(Output):
    """The contribution of one signal: its value times its weight."""

    name: str = Field(examples=["on_words"])
    value: float
    weight: float
    points: float


class NearTextOut(Output):
    text: str = Field(examples=["Как вернуть товар"])
    similarity: float = Field(description="Cosine; 1.0 is identical", examples=[0.91])


class ExplainedSuggestionOut(Output):
    suggestion: SuggestedAnswer
    relevance: float = Field(description="The sum of the points of ranked_by; higher is better")
    probability: float = Field(description="That this one is right, if one of those found is")
    ranked_by: list[PartOut] = Field(description="Why it stands where it stands")
    sure_by: list[PartOut] = Field(description="Their points add up to the log-odds of the confidence")
    nearest: NearTextOut = Field(description="The nearest of its question and phrasings")
    shared_words: list[str] = Field(description="Words of the nearest text that were asked, too")
    confirmed: list[NearTextOut] = Field(description="Texts nearby that people said belong to it")


class ExplanationOut(Output):
    """The assistant's triage of a text, with explanations."""

    read_as: str = Field(description="The text after cleaning and correcting")
    triage: TriageOut
    in_scope: float | None = Field(description="Probability that it is our subject; null: nobody knows")
    suggestions: list[ExplainedSuggestionOut] = Field(description="Best first")


class ArticleOut(Output):
    id: str = Field(examples=["returns-how"])
    question: str = Field(examples=["Как вернуть товар"])
    answer: str = Field(examples=["Верните товар за 14 дней, {customer_name}."])
    topic: str = Field(examples=["returns"])
    language: str = Field(examples=["ru"])
    phrasings: list[str] = Field(description="Alternative phrasings of the question")
    status: Status
    valid_from: date | None
    valid_until: date | None


class ArticleVersionOut(Output):
    """The version of the article from `changed_at` on."""

    version: int
    changed_at: datetime
    changed_by: str = Field(examples=["anna"])
    fields: dict[str, Any]


class ArticleHistoryOut(Output):
    article: ArticleOut
    versions: list[ArticleVersionOut] = Field(description="Oldest first")


class ArticleIn(Input):
    """The new content of an article. Its id is in the address."""

    question: Text = Field(examples=["Как вернуть товар"], json_schema_extra=READABLE)
    answer: Text = Field(examples=["Верните товар за 14 дней, {customer_name}."])
    topic: str = Field(max_length=1000, examples=["returns"], json_schema_extra=READABLE)
    language: str = Field(
        max_length=35, description="A BCP 47 tag", examples=["ru"], json_schema_extra=LANGUAGE_TAG
    )
    phrasings: list[str] = Field([], max_length=2000, description="All alternative phrasings of the question")
    status: Status = Status.PUBLISHED
    valid_from: date | None = None
    valid_until: date | None = Field(None, description="Not before valid_from")
    version: int = Field(ge=0, le=MAX_ID, description="The version that this is made from; 0: a new article")

    def article(self, article_id: str) -> Article:
        """Build the article.

        Raises:
            InvalidArticle: when a field has an invalid value.
        """
        return Article(
            id=article_id,
            question=self.question.strip(),
            answer=self.answer.strip(),
            topic=self.topic.strip(),
            language=self.language,
            phrasings=tuple(dict.fromkeys(" ".join(text.split()) for text in self.phrasings if text.strip())),
            status=self.status,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
        )


class NewArticle(ArticleIn):
    """A new article."""

    id: ArticleId = Field(examples=["returns-how"])
    version: Literal[0] = 0


class SavedOut(Output):
    version: int = Field(description="The article's new version")


class NewPhrasing(Input):
    text: str = Field(max_length=1000, pattern=r"\S", examples=["хочу сдать обратно"])


class TopicOut(Output):
    """A topic, a group of topics or a dialogue. Its id stays the same when its titles change."""

    id: str = Field(examples=["order_status"])
    title: str = Field(
        description="In the language asked for, else in the installation's, else made of the id",
        examples=["Статус заказа"],
    )
    titles: dict[str, str] = Field(
        description="As people gave them, by language",
        examples=[{"ru": "Статус заказа", "en": "Order status"}],
    )
    articles: int = Field(description="Of whatever status")

    @classmethod
    def of(cls, topic: Topic, titles: TopicTitles, language: str) -> Self:
        return cls(
            id=topic.id,
            title=titles.label(topic.id, language),
            titles=dict(topic.titles),
            articles=topic.n_articles,
        )


Tag = Annotated[str, StringConstraints(max_length=35, pattern=LANGUAGE_TAG["pattern"])]
Title = Annotated[
    str, StringConstraints(max_length=MAX_TITLE_LENGTH, pattern=r"^[^\x00-\x1f\x7f\u2028\u2029]*$")
]


class TitlesIn(Input):
    """The new titles of a topic, by language."""

    titles: dict[Tag, Title] = Field(
        max_length=MAX_LANGUAGES, examples=[{"ru": "Статус заказа", "en": "Order status"}]
    )


class FilledAnswer(Output):
    """An article's answer as this customer would read it."""

    text: str = Field(examples=["Деньги придут за 3 дня, Ольга."])
