"""What was meant?  Russian in the Latin layout or in Latin letters, English in the Russian layout."""

from nlu.respelling.message import respelled

__all__ = ["respelled"]
