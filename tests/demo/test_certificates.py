"""RSA 4096 takes a second a key, so the layout is tested with small keys; their size is the caller's to choose."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store

from pylae.demo.certificates import KEYS, Hierarchy

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOST = "webapp.istioinaction.io"


@pytest.fixture
def written(tmp_path: Path) -> Path:
    Hierarchy(tmp_path, HOST, NOW).write({name: ec.generate_private_key(ec.SECP256R1()) for name in KEYS})
    return tmp_path


def certificates(path: Path) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(path.read_bytes())


def test_the_files_lie_where_the_walkthrough_has_them_and_keys_are_private(written: Path) -> None:
    for name in (
        "1_root/certs/ca.cert.pem",
        "2_intermediate/certs/ca-chain.cert.pem",
        f"3_application/certs/{HOST}.cert.pem",
        f"4_client/certs/{HOST}.cert.pem",
    ):
        assert certificates(written / name)
    keys = sorted(written.rglob("*.key.pem"))
    assert [path.parent.parent.name for path in keys] == ["1_root", "2_intermediate", "3_application", "4_client"]
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}


def test_the_server_certificate_has_the_subject_the_serial_and_the_name_of_the_walkthrough(written: Path) -> None:
    server, issuer = certificates(written / f"3_application/certs/{HOST}.cert.pem")
    assert server.subject.rfc4514_string() == f"CN={HOST},O=Dis,L=Springfield,ST=Denial,C=US"
    assert issuer.subject.rfc4514_string() == f"CN={HOST},O=Dis,ST=Denial,C=US"
    assert server.serial_number == 1049106
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [HOST]


def test_server_and_renewal_are_trusted_by_the_chain_that_clients_are_given(written: Path) -> None:
    middle, top = certificates(written / "2_intermediate/certs/ca-chain.cert.pem")
    verifier = PolicyBuilder().store(Store([top])).time(NOW).build_server_verifier(x509.DNSName(HOST))
    for name in (HOST, f"{HOST}.renewed"):
        server = certificates(written / f"3_application/certs/{name}.cert.pem")[0]
        assert verifier.verify(server, [middle])[-1] == top


def test_the_renewal_has_the_next_serial_and_holds_from_now(written: Path) -> None:
    renewed = certificates(written / f"3_application/certs/{HOST}.renewed.cert.pem")[0]
    assert (renewed.serial_number, renewed.not_valid_before_utc) == (1049108, NOW)


def test_the_authorities_have_rsa_4096_and_the_leaves_2048() -> None:
    assert KEYS == {"root": 4096, "intermediate": 4096, "server": 2048, "client": 2048}
