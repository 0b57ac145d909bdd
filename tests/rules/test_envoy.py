"""Whatever is found fit here, the real Envoy takes; what is refused here, it would have refused."""

import base64
import json
import subprocess
import sysconfig
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from issuing import Issued, issue, revocations, rsa_key, spelled, staple, usage

from pylae.rules.armour import Broken
from pylae.rules.pem import read_authorities, read_pair
from pylae.rules.revocation import check_staple, read_revocations

pytestmark = pytest.mark.real

ENVOY = Path(sysconfig.get_path("scripts")) / "envoy"
MADE, RSA = issue("a.example"), issue("a.example", key=rsa_key())
MUST_STAPLE = issue("a.example", extensions=[x509.TLSFeature([x509.TLSFeatureType.status_request])])


def _envoy_takes(tmp_path: Path, chain: bytes, key: bytes, **more: bytes) -> bool:
    """Whether Envoy starts a listener with this certificate; `staple`, `trusted_ca` and `crl` besides."""
    certificate = {"certificate_chain": _inline(chain), "private_key": _inline(key)}
    if "staple" in more:
        certificate["ocsp_staple"] = _inline(more.pop("staple"))
    tls = {"tls_certificates": [certificate], "validation_context": {name: _inline(pem) for name, pem in more.items()}}
    bootstrap = tmp_path / "bootstrap.json"
    bootstrap.write_text(json.dumps({"static_resources": {"listeners": [_listener(tls)]}}))
    command = [ENVOY, "--mode", "validate", "-c", bootstrap, "--log-level", "off"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _inline(pem: bytes) -> dict[str, str]:
    return {"inline_bytes": base64.b64encode(pem).decode()}


def _listener(tls: dict[str, object]) -> dict[str, object]:
    extensions = "type.googleapis.com/envoy.extensions"
    context = f"{extensions}.transport_sockets.tls.v3.DownstreamTlsContext"
    echo = {"name": "echo", "typed_config": {"@type": f"{extensions}.filters.network.echo.v3.Echo"}}
    socket = {"name": "tls", "typed_config": {"@type": context, "common_tls_context": tls}}
    return {
        "name": "one",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [echo], "transport_socket": socket}],
    }


def _sign_with(key: object) -> Issued:
    return issue("a.example", key=key)


PAIRS = {
    "EC": (MADE.chain, MADE.key),
    "RSA": (RSA.chain, RSA.key),
    "a key of the old form": (RSA.chain, spelled(RSA.private, traditional=True)),
    "Windows' line ends": (MADE.chain.replace(b"\n", b"\r\n"), MADE.key.replace(b"\n", b"\r\n")),
    "comments and strangers": (b"me:\n" + MADE.key + MADE.chain, MADE.chain + MADE.key),
    "a key of another certificate": (MADE.chain, RSA.key),
    "an encrypted key": (MADE.chain, spelled(MADE.private, b"pass")),
    "two files in one line": (MADE.chain.rstrip() + RSA.chain, MADE.key),
    "a chain that is cut off": (MADE.chain[:-40], MADE.key),
    "EC that may not sign": ((odd := issue("a", extensions=[usage("key_agreement")])).chain, odd.key),
    "RSA that may not sign": ((odd := issue("a", key=rsa_key(), extensions=[usage("key_cert_sign")])).chain, odd.key),
    "must be stapled": (MUST_STAPLE.chain, MUST_STAPLE.key),
    "over": ((odd := issue("a", days=(-20, -10))).chain, odd.key),
    "P-384": ((odd := _sign_with(ec.generate_private_key(ec.SECP384R1()))).chain, odd.key),
    "P-224": ((odd := _sign_with(ec.generate_private_key(ec.SECP224R1()))).chain, odd.key),
    "RSA 1024": ((odd := _sign_with(rsa.generate_private_key(65537, 1024))).chain, odd.key),
}


@pytest.mark.parametrize("case", PAIRS)
def test_envoy_judges_a_certificate_as_we_do(tmp_path: Path, case: str) -> None:
    chain, key = PAIRS[case]
    try:
        pair = read_pair(chain, key)
        check_staple(pair.chain, b"")
    except Broken:
        assert not _envoy_takes(tmp_path, chain, key)
    else:
        assert _envoy_takes(tmp_path, pair.chain, pair.key)


@pytest.mark.parametrize("bundle", [MADE.chain + RSA.chain, MADE.chain + MADE.chain, MADE.chain + MADE.key, b"hello"])
def test_envoy_judges_authorities_as_we_do(tmp_path: Path, bundle: bytes) -> None:
    try:
        authorities = read_authorities(bundle)
    except Broken:
        assert not _envoy_takes(tmp_path, MADE.chain, MADE.key, trusted_ca=bundle)
    else:
        assert _envoy_takes(tmp_path, MADE.chain, MADE.key, trusted_ca=authorities)


def test_envoy_takes_the_revocations_and_the_staple_that_we_take(tmp_path: Path) -> None:
    lists = read_revocations(b"comment\n" + revocations(MADE) + revocations(RSA))
    assert _envoy_takes(tmp_path, MADE.chain, MADE.key, trusted_ca=MADE.chain, crl=lists)
    answer = staple(MUST_STAPLE)
    check_staple(MUST_STAPLE.chain, answer)
    assert _envoy_takes(tmp_path, MUST_STAPLE.chain, MUST_STAPLE.key, staple=answer)
