"""Which answers are suggested for a turn, and how sure are they?

assistant, routing                                 triage: classify, search, rank, calibrate, route
ranking_weights, ranker_training, serialization    weights of signals, fitted to verdicts, saved
confidence                                         the probability that a suggestion is right
query_embedder, stored_embeddings                  vectors of what people wrote and of the articles
explanations                                       why a suggestion stands where it stands
"""
