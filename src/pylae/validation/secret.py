"""Secrets that hold certificates: the judgement that secret discovery will make, already at the door.

Kubernetes stores whatever is written, and so do we: a certificate that cannot be served is a warning to whoever
writes it.
"""

from datetime import datetime

from msgspec.structs import replace

from pylae.api.core import Secret
from pylae.api.scalars import SecretBytes
from pylae.model.ir.listener import SecretRef
from pylae.rules.credentials import Unusable, resolve, warnings
from pylae.rules.sds_name import CA_LAYOUTS, PAIR_LAYOUTS, authorities_name, certificate_name
from pylae.validation.report import Path, Report

DATA = Path("data")

_ANY_NAME = "credential"
"""The Secret's own name does not matter here: which server will name it, and as what, is not known."""

CERTIFICATE_KEYS = frozenset(certificate for certificate, _ in PAIR_LAYOUTS)
CA_KEYS = frozenset(ca for ca, _ in CA_LAYOUTS)

NOT_FOR_GATEWAYS = frozenset({"kubernetes.io/service-account-token", "helm.sh/release.v1"})
"""Types that Istio never reads certificates from, though some hold a ca.crt."""


def check_secret(secret: Secret, report: Report, now: datetime | None) -> None:
    """Looks at certificates and authorities, if there are any; at their times only if told what time it is."""
    if secret.type in NOT_FOR_GATEWAYS:
        return
    whole = replace(secret, data=_payload(secret), string_data={})
    if CERTIFICATE_KEYS & whole.data.keys():
        _check_credential(whole, SecretRef(certificate_name(_ANY_NAME)), report, now)
    if CA_KEYS & whole.data.keys():
        _check_credential(whole, SecretRef(authorities_name(_ANY_NAME)), report, now)


def _payload(secret: Secret) -> dict[str, SecretBytes]:
    """`stringData` wins over `data`, as it does when the Secret is stored."""
    return {**secret.data, **secret.string_data}


def _check_credential(secret: Secret, ref: SecretRef, report: Report, now: datetime | None) -> None:
    value = resolve(ref, {("", _ANY_NAME): secret}, "")
    if isinstance(value, Unusable):
        report.warning(DATA.key(value.key) if value.key else DATA, value.message, value.cure)
    elif now is not None:
        for doubt in warnings(value, (), now):
            report.add(doubt.code, DATA, doubt.message, doubt.cure)
