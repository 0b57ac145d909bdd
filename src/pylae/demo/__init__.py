"""The demo: the walkthrough about securing ingress traffic, on one machine, with real clients.

Two small services stand behind the gateway, a hierarchy of certificates is made, and each command of the walkthrough is
run as one would type it. Nothing here is used by Pylae itself; the demo knows `pylae` as its users do, by its commands.
"""
