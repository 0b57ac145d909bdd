"""The Common Expression Language as Kubernetes has it: one engine, Kubernetes' own functions, and the rules that a
definition puts on its objects.
"""
