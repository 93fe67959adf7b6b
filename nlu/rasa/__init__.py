"""What does Sufler add to a Rasa pipeline?

Rasa 3.6 imports this on Python 3.10, in an environment that has none of Sufler's libraries. In config.yml:

    pipeline:
      - name: nlu.rasa.SuflerFeaturizer   # after the tokenizer, before DIETClassifier
      - name: nlu.rasa.SuflerRetriever    # after FallbackClassifier

    featurizer    sentence embeddings for DIET
    retriever     ranked suggestions on the message
    client        asks a running Sufler over HTTP, with a short timeout
"""

from nlu.rasa.featurizer import SuflerFeaturizer
from nlu.rasa.retriever import SuflerRetriever

__all__ = ["SuflerFeaturizer", "SuflerRetriever"]
