"""What one machine has where `pylae up` runs: the Envoy beside the control plane, the files that are watched, the
objects that a cluster would have around a gateway, and what the embedded API asks before it stores one.
"""
