"""What several thinking rooms must agree on, said once: the algebra of hosts, the names of ports, protocols and Envoy's
resources, where a credential is looked up, and whether a certificate can be served.

Everything here is a pure function of its arguments; the clock is one of them.
"""
