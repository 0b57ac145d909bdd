"""The server's own authority: what it issues, what it keeps, and when it makes things anew."""

import ssl
import stat
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pylae.apiserver.pki import AUTHORITY_LIFE, LEAF_LIFE, RENEW_BEFORE, Pki, ensure_pki


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "pki"


@pytest.fixture
def ensure(directory, clock):
    return lambda *names: ensure_pki(directory, names=names, now=clock())


def serials(pki: Pki) -> tuple[int, int, int]:
    return tuple(pair.certificate.serial_number for pair in (pki.authority, pki.server, pki.admin))


def test_the_server_certificate_is_for_loopback_and_configured_names(ensure):
    names = ensure("pylae.example", "10.0.0.7").server.certificate.extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["localhost", "pylae.example"]
    assert [str(ip) for ip in names.value.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1", "10.0.0.7"]


def test_the_administrator_is_a_client_and_the_server_a_server(ensure):
    pki = ensure()
    subject = pki.admin.certificate.subject
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "pylae-admin"
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "system:masters"
    usages = [
        list(pair.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
        for pair in (pki.server, pki.admin)
    ]
    assert usages == [[ExtendedKeyUsageOID.SERVER_AUTH], [ExtendedKeyUsageOID.CLIENT_AUTH]]


def test_every_file_is_private(ensure, directory):
    directory.mkdir(mode=0o755)
    ensure()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()} == dict.fromkeys(
        ("ca.crt", "ca.key", "server.crt", "server.key", "admin.crt", "admin.key"), 0o600
    )


def test_what_is_whole_is_kept(ensure):
    assert serials(ensure()) == serials(ensure())


def test_leaves_are_renewed_a_month_before_their_end_and_the_authority_stays(ensure, clock):
    first = serials(ensure())
    clock.advance(LEAF_LIFE - RENEW_BEFORE - timedelta(days=1))
    assert serials(ensure()) == first
    clock.advance(timedelta(days=2))
    authority, server, admin = serials(ensure())
    assert authority == first[0]
    assert server != first[1]
    assert admin != first[2]


def test_the_authority_is_renewed_before_its_leaves_would_outlive_it(ensure, clock):
    first = serials(ensure())
    clock.advance(AUTHORITY_LIFE - LEAF_LIFE + timedelta(days=1))
    assert set(serials(ensure())).isdisjoint(first)


def test_a_new_name_makes_a_new_server_certificate_only(ensure):
    first, second = serials(ensure()), serials(ensure("new.example"))
    assert (first[0], first[2]) == (second[0], second[2])
    assert first[1] != second[1]


@pytest.mark.parametrize("broken", ["server.key", "server.crt"])
def test_a_broken_file_is_made_anew(ensure, directory, broken):
    first = serials(ensure())
    (directory / broken).write_text("-----BEGIN NOTHING-----\n")
    second = serials(ensure())
    assert (first[0], first[2]) == (second[0], second[2])
    assert first[1] != second[1]


def test_a_key_of_another_certificate_is_made_anew(ensure, directory):
    first = serials(ensure())
    (directory / "server.key").write_bytes((directory / "admin.key").read_bytes())
    assert serials(ensure())[1] != first[1]


def test_without_its_authority_everything_is_made_anew(ensure, directory):
    first = serials(ensure())
    (directory / "ca.key").unlink()
    assert set(serials(ensure())).isdisjoint(first)


def test_openssl_accepts_the_chain(ensure):
    pki = ensure()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki.server.certificate_file, pki.server.key_file)
    context.load_verify_locations(pki.authority.certificate_file)
    pki.server.certificate.verify_directly_issued_by(pki.authority.certificate)
