"""Validation: what is wrong, or doubtful, with one object by itself.

It says at the door what Istio's webhook says (github.com/istio/istio, pkg/config/validation), with the same key
words, and beyond that what Envoy would refuse. Everything is gathered, nothing raised. What concerns several objects
is translation's.
"""
