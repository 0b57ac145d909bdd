"""Settings of TLS that Envoy would refuse do not reach it."""

import pytest

from pylae.api.gateway import ServerTlsSettings
from pylae.model.ir.listener import SecretRef
from pylae.translate.tls import cipher_suites, downstream_tls

CERTIFICATE, CLIENT_CA = SecretRef("kubernetes://c"), SecretRef("kubernetes://c-cacert")

SUITE, OTHER = "ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA"


@pytest.mark.parametrize(
    ("written", "left"),
    [
        pytest.param((), (), id="nothing is Envoy's own choice"),
        pytest.param((SUITE, OTHER), (SUITE, OTHER), id="known suites keep their order"),
        pytest.param((SUITE, "fake", SUITE), (SUITE,), id="unknown and repeated ones are dropped"),
        pytest.param(("fake",), (), id="if nothing is left it is Envoy's own choice"),
        pytest.param(("ALL", f"-{OTHER}"), ("ALL", f"-{OTHER}"), id="all but one"),
        pytest.param(("ALL", "-fake"), ("ALL",), id="an operator on an unknown suite is dropped"),
        pytest.param((f"-{OTHER}",), (), id="taking away from nothing leaves nothing"),
        pytest.param((OTHER, f"!{OTHER}", OTHER), (), id="what is banned does not come back"),
        pytest.param((OTHER, f"-{OTHER}", SUITE), (OTHER, f"-{OTHER}", SUITE), id="taken away, and another one left"),
        pytest.param((f"[{SUITE}|{OTHER}]",), (f"[{SUITE}|{OTHER}]",), id="several equal ones"),
        pytest.param((f"[{SUITE}|fake]", OTHER), (OTHER,), id="several equal ones of which one is unknown"),
        pytest.param((f"+{OTHER}",), (), id="putting last what is not there"),
        pytest.param(("", "-", "[]", "@STRENGTH", OTHER), (OTHER,), id="empty entries and other operators"),
    ],
)
def test_cipher_suites(written: tuple[str, ...], left: tuple[str, ...]) -> None:
    assert cipher_suites(written) == left


def test_an_untrusted_client_certificate_is_accepted_only_on_request() -> None:
    settings = ServerTlsSettings(mode="MUTUAL", insecure_skip_verify=True)
    assert downstream_tls(settings, (CERTIFICATE,), CLIENT_CA).accept_untrusted
    assert not downstream_tls(ServerTlsSettings(mode="MUTUAL"), (CERTIFICATE,), CLIENT_CA).accept_untrusted
