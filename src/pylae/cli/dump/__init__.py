"""Envoy's own account of its configuration, read into istioctl's tables.

Each file takes the config dump of a running Envoy (admin `/config_dump`, or `/clusters` for endpoints) and gives the
rows of one table, with the filters of the same istioctl command. All of it is pure: a dump from a file reads like a
live one.
"""
