"""The pure parts of a Kubernetes API: what objects, requests and answers mean, without a socket or a store.

    bytes ─reading─▶ object ─object─▶ prepared ─verify─▶ causes        (the hand stores it)
    objects ─table, discovery, openapi─▶ documents

Objects are plain JSON dictionaries. What is served stands in `registry`; whatever refuses raises `failure.Failure`.
"""
