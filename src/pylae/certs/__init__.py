"""Certificates: what an authority signs, as pure functions of keys, names, serial numbers and times.

Keys and the clock are handed in, since drawing entropy and asking the time belong to the hands. The demo builds its
hierarchy here, and whatever issues certificates for users stands on the same functions.
"""
