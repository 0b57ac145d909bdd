"""The hand that reaches a Kubernetes API server: the embedded one and a cluster's own, by the same client.

`client` asks and writes, `reflector` follows what changes and `store` keeps it as a snapshot. `manifest`, `apply` and
`directory` bring users' files in, `writer` and `events` bring our answers out.
"""
