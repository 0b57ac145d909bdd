"""Server-side apply: who owns which fields of an object, and what becomes of them when several people write it.

    path_element ─▶ field_set                 paths of fields, and sets of them
    topology ─▶ typed, merge                  what a kind is put together of; what is in a value; two values made one
    managed_fields ◀─ server_side_apply       who owns what, written down and decided
    field_manager                             all of it, for one write

The names are those of Kubernetes and its structured-merge-diff.
"""
