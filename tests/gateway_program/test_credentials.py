"""The files by which a gateway is known."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from joined import new_authority, now

from pylae.certs.pem import certificate_pem, key_pem
from pylae.certs.trust import gateway, spiffe
from pylae.controlplane.discovery.trust import draw
from pylae.gateway.credentials import CredentialFiles, CredentialsError, ends_soon


@pytest.fixture
def files(tmp_path: Path) -> CredentialFiles:
    issuer, drawn = new_authority(), draw()
    certificate = gateway(drawn, issuer, spiffe("edge", "gateway"), now=now(), life=timedelta(days=8))
    (tmp_path / "ca.crt").write_bytes(certificate_pem(issuer.certificate))
    (tmp_path / "tls.crt").write_bytes(certificate_pem(certificate))
    (tmp_path / "tls.key").write_bytes(bytes(key_pem(drawn.key)))
    (tmp_path / "token").write_bytes(b"abc.def.ghi\n")
    return CredentialFiles(tmp_path / "ca.crt", tmp_path / "tls.crt", tmp_path / "tls.key")


def test_a_certificate_says_how_long_it_holds(files: CredentialFiles) -> None:
    validity = files.read().validity
    assert validity is not None
    assert not ends_soon(validity, now())
    assert ends_soon(validity, now() + timedelta(days=7))
    assert files.read().metadata == ()


def test_a_token_travels_as_a_bearer_token_and_is_never_shown(files: CredentialFiles, tmp_path: Path) -> None:
    credentials = CredentialFiles(files.ca, token=tmp_path / "token").read()
    assert credentials.metadata == (("authorization", "Bearer abc.def.ghi"),)
    assert credentials.validity is None
    assert "abc" not in repr(credentials)


def test_what_was_renewed_is_read(files: CredentialFiles, tmp_path: Path) -> None:
    named = CredentialFiles(files.ca, token=tmp_path / "token")
    named.read()
    (tmp_path / "token").write_bytes(b"new")
    assert named.read().metadata == (("authorization", "Bearer new"),)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("ca.crt", b"none", "ca.crt holds no certificate"),
        ("tls.crt", b"", "tls.crt holds no certificate"),
        ("tls.key", b"hidden", "tls.key holds no private key"),
    ],
)
def test_what_is_wrong_is_told_without_what_is_in_it(
    files: CredentialFiles, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CredentialsError, match=words) as raised:
        files.read()
    assert "hidden" not in str(raised.value)


def test_a_file_that_is_not_there_is_named(files: CredentialFiles, tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="nowhere cannot be read: No such file"):
        replace(files, key=tmp_path / "nowhere").read()
    (tmp_path / "token").write_bytes(b"two words")
    with pytest.raises(CredentialsError, match="holds no token") as raised:
        CredentialFiles(files.ca, token=tmp_path / "token").read()
    assert "words" not in str(raised.value)
