"""The discovery service: the Envoys that are connected, and what is said to each of them and by it.

ads ─▶ stream ─▶ cohort ─observation─▶ loop          bytes, one Envoy, all Envoys of a kind
elsewhere ─▶ trust, identity, tokens ─▶ joining      who comes from another machine, and which kind it is
"""
