"""Kubernetes' own kinds: the rules that they have beyond their schemas, and those that are only kept."""
