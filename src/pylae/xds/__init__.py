"""The picture of what an Envoy must do, spelled as xDS, and the conversation in which Envoy is told.

The only room that knows Envoy's protobuf. Everything here is pure: `emit` turns the intermediate representation into
serialized resources, `delta` is the delta xDS protocol without its transport, `last_good` remembers what was accepted.
"""
