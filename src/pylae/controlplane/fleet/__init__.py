"""The fleet: the kinds of gateways that there are, and what each of them is to be given.

fleet ─▶ serving ─▶ configuration ─▶ backends, credentials, on_demand     a kind, and the parts of what it is given
roll                                                                     kinds that hang on other control planes
examination, crowding, refusals ─▶ findings                              what is wrong, for each kind
"""
