"""Custom resources: kinds that a user defines by a CustomResourceDefinition.

definition ─checked, filled in─▶ definition_version, structural, json_path
definition ─served─▶ resource ─▶ object           what is served, and whether an object of the kind is right
"""
