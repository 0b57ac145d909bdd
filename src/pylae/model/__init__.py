"""Pictures: frozen data that rooms hand each other.

`finding` is what is wrong with a user's input, `snapshot` is all that translation may read, and `ir` is the
plain-Python picture of what an Envoy must do. Nothing here decides anything.
"""
