"""The intermediate representation: what one Envoy must do, in plain frozen Python.

It speaks Envoy's words, prints, compares and hashes, and knows users' objects only as an `Origin`. `xds` spells it as
protobuf. Tuples are in the order that Envoy shall see.
"""
