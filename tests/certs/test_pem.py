from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pylae.certs.authority import PrivateKey, Request, Validity, root
from pylae.certs.pem import certificate_pem, key_pem
from pylae.certs.subject import subject


def test_a_chain_reads_back_in_the_order_written(keys: tuple[PrivateKey, ...]) -> None:
    year = Validity(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    chain = [root(Request(subject(f"CN={name}"), 1, year), keys[0]).certificate for name in ("leaf", "issuer")]
    assert x509.load_pem_x509_certificates(certificate_pem(*chain)) == chain


def test_a_key_reads_back_and_prints_redacted(keys: tuple[PrivateKey, ...]) -> None:
    written = key_pem(keys[0])
    assert load_pem_private_key(bytes(written), password=None).public_key() == keys[0].public_key()
    assert "redacted" in repr(written)
    assert "PRIVATE" not in repr(written)
