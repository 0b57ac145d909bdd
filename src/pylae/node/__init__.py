"""What one process of Pylae stands on, on one machine: its directories, its lock, its log, its telemetry, its Envoy.

Every program is built on it, whether it is a control plane, a gateway, or both in one.
"""
