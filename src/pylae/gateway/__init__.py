"""The gateway by itself: an Envoy anywhere, that a control plane elsewhere configures.

It joins over mutual TLS, hands on what the two say to each other, and keeps what Envoy accepted last, so that an Envoy
that starts while every control plane is away serves all the same.
"""
