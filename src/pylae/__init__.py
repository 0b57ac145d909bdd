"""Pylae: Istio's ingress gateway as a Python program on a stock Envoy."""

__version__ = "0.1.0"
