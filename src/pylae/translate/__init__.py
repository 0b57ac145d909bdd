"""Istio's meaning: which picture of Envoy a snapshot of users' objects amounts to.

`translate` composes three units, each a pure function of what it reads: the port plan (which servers of which Gateways
win a port), the site (a server's filter chains, virtual hosts and routes) and the cluster. Endpoints are a fourth, made
by name, since they change without any of the others. Secrets are never looked at: a server's plan names them.

Whatever is wrong with an object becomes a finding on that object, and all the others are translated as if it were not
there.
"""
