"""The loop: the one place where things are started, timed and ordered.

`standalone` is `pylae up`, `attached` is `pylae run`; both start a `plane`, the control plane itself. `loop` carries
every change from the store to the Envoys and back into status:

    reflectors ─▶ loop ─▶ fleet ─▶ discovery ─▶ Envoys         what each kind of gateway is given
                    ▲       └─▶ report ─▶ API                   what is found, told to users
                    └──────────── discovery                    what Envoys say and ask
    introspection                                              what the CLI, probes and Prometheus are told
    home                                                       what one machine has where the gateway is on it

`fleet` tells `report` and never asks it; `discovery` knows neither.
"""
