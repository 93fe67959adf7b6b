"""Which model version answers, and how do versions differ?

recipe                                       all settings that a version's answers depend on
encoder_factory, builder, article_vectors    an encoder and an assistant from a recipe
version_folders, registry                    versions on disk, and which of them answers
live_assistant                               the assistant of a running process, which follows both
version_diff                                 which answers change between two versions
"""
