"""The pure parts of a Kubernetes API: what objects, requests and answers mean, without a socket or a store.

    bytes ─reading─▶ object ─object─▶ prepared ─verify─▶ causes        (the hand stores it)
    objects ─table, discovery, openapi─▶ documents

    built_in      Kubernetes' own kinds: their rules beyond a schema, and kinds that are only kept
    custom, cel   kinds that users define, and the rules that they put on them
    columns       what `kubectl get` prints of each kind
    apply         server-side apply, and who owns which field

Objects are plain JSON dictionaries. What is served stands in `registry`; whatever refuses raises `failure.Failure`.
"""
