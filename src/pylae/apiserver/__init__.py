"""The embedded Kubernetes API: what kubectl talks to where there is no cluster.

This room is hands only: HTTP by aiohttp, durability by SQLite, TLS by `cryptography` and `ssl`. What an object may be
and what a patch makes of it is thought in `apimachinery`. The way of a write: `door` (who asks) → `writes`,
`deletion` (what must be so) → `journal` (one order, group commit) → `storage` (on disk) → `cache` (in memory) →
`watch` (to whoever listens).
"""
