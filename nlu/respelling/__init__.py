"""Which words did the customer mean to write?

Russian in the Latin layout or in Latin letters, English in the Russian layout, and typos.

    message, word                which words of a message change, and the readings of one word
    keyboard, transliteration    the same keys in the other layout, Russian in Latin letters
    typos, known_words           corrections, and the words that need none
    statistics                   how likely a word is in Russian, English or any language
"""

from nlu.respelling.message import respell

__all__ = ["respell"]
