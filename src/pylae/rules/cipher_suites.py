"""The names of cipher suites and curves that this Envoy loads. One that it does not know costs the whole listener."""

CIPHER_SUITES = frozenset(
    {
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "ECDHE-ECDSA-AES128-SHA",
        "ECDHE-RSA-AES128-SHA",
        "ECDHE-ECDSA-AES256-SHA",
        "ECDHE-RSA-AES256-SHA",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
        "AES128-SHA",
        "AES256-SHA",
        "DES-CBC3-SHA",
    }
)
"""Istio's list of suites that a gateway may name (Istio, ServerTLSSettings: cipherSuites)."""

CURVES = frozenset({"P-256", "P-384", "P-521", "X25519", "X25519MLKEM768"})
"""Those of Istio's curves that Envoy 1.40 loads; it refuses P-224 and X25519Kyber768Draft00."""


def is_known_cipher_entry(entry: str) -> bool:
    """Whether Envoy knows every suite of an entry of `cipherSuites`.

    An entry is a suite, `ALL`, several equal ones (`[A|B]`), or an operator before one of these: `-` takes away, `!`
    for good, `+` puts last. "" says nothing and is known.
    """
    return not entry or bool(suites(entry[entry[0] in "-+!" :]))


def suites(entry: str) -> frozenset[str]:
    """The suites that an entry without operator names; none if Envoy does not know them all."""
    if entry == "ALL":
        return CIPHER_SUITES
    named = frozenset(entry[1:-1].split("|") if entry.startswith("[") and entry.endswith("]") else (entry,))
    return named if named <= CIPHER_SUITES else frozenset()
