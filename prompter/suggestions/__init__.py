"""Which answers are suggested for a turn, and how sure are they?

assistant, routing                                 triage: classify, search, rank, calibrate, route
ranking_weights, ranker_training, serialization    weights of signals, fitted to verdicts, saved
confidence                                         the probability that a suggestion is right
query_embedder, stored_embeddings                  vectors of people's texts and of the articles
explanations                                       the reasons for a suggestion's rank and confidence
"""
