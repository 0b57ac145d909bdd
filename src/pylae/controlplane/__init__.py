"""The loop: the one place where things are started, timed and ordered.

`app` constructs everything and runs it; `loop` carries every change from the store to Envoy and back into status; the
other files are the edges that only the loop may own: where things lie on disk, who holds the data directory, what is
told to the CLI and to Prometheus.
"""
