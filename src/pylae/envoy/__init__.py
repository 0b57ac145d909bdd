"""The hands on Envoy: where its binary is, what it is started with, the process itself, and its admin page.

What it shall serve is none of this room's business; that comes to it by discovery.
"""
