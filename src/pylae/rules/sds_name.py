"""Names in Envoy's secret discovery, and the Secrets that they stand for (Istio, "Secure Gateways")."""

from dataclasses import dataclass

KUBERNETES = "kubernetes://"
INVALID = "invalid://"
SCHEMES = (KUBERNETES, INVALID, "kubernetes-gateway://", "configmap://", "sds://", "builtin://")
"""Istio's. Only the first is answered here, and the second never."""

CA_SUFFIX = "-cacert"
"""A name that ends so stands for client authorities alone: a key is never read under it."""

PAIR_LAYOUTS = (("cert", "key"), ("tls.crt", "tls.key"))
"""Keys of certificate chain and private key in a Secret, in order of preference; never mixed."""

CA_LAYOUTS = (("cacert", "crl"), ("ca.crt", "ca.crl"))
"""Keys of client authorities and their revocation list, in order of preference."""

STAPLE_KEY = "tls.ocsp-staple"
"""The key of a stapled OCSP answer (DER); it goes with `tls.crt`."""


@dataclass(frozen=True, slots=True)
class SdsName:
    """A name taken apart. `namespace` is "" when it is not spelled out, `scheme` when it is none of Istio's."""

    scheme: str
    namespace: str
    name: str

    @property
    def is_authorities(self) -> bool:
        return self.name.endswith(CA_SUFFIX)

    @property
    def candidates(self) -> tuple[str, ...]:
        """The Secrets that may hold it, in order of preference."""
        return (self.name, self.name.removesuffix(CA_SUFFIX)) if self.is_authorities else (self.name,)


def parse(text: str) -> SdsName:
    """Takes `kubernetes://name` or `kubernetes://namespace/name` apart."""
    scheme = next((scheme for scheme in SCHEMES if text.startswith(scheme)), "")
    first, slash, rest = text.removeprefix(scheme).partition("/")
    return SdsName(scheme, first, rest) if slash else SdsName(scheme, "", first)


def certificate_name(credential: str) -> str:
    """The SDS name of a `credentialName`. One that itself ends in `-cacert` gets a name that is never answered."""
    name = _with_scheme(credential)
    return INVALID + name.removeprefix(KUBERNETES) if name.endswith(CA_SUFFIX) else name


def authorities_name(credential: str) -> str:
    """The SDS name of the client authorities that go with a credential, or that `caCertCredentialName` names."""
    name = _with_scheme(credential)
    return name if name.endswith(CA_SUFFIX) or not name.startswith(KUBERNETES) else name + CA_SUFFIX


def _with_scheme(credential: str) -> str:
    return credential if credential.startswith(SCHEMES) else KUBERNETES + credential
