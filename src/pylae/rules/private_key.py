"""Private keys in PEM: read, checked and forgotten. Nothing here is remembered, and no message quotes what was read."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_private_key

from pylae.rules.armour import Block, Broken, blocks

KEY_LABELS = frozenset({"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"})


def read_private_key(text: bytes) -> tuple[Block, PublicKeyTypes]:
    """The first private key of a PEM text and the public key that belongs to it. Raises `armour.Broken`.

    EC parameters and certificates beside the key are passed over, as BoringSSL does.
    """
    found = blocks(text)
    block = next((block for block in found if block.label in KEY_LABELS), None)
    if block is None:
        raise _no_key(found)
    if block.encrypted or block.label == "ENCRYPTED PRIVATE KEY":
        raise Broken(
            "The private key is encrypted with a passphrase, which Envoy cannot ask for.",
            "Store it decrypted: openssl pkey -in encrypted.key -out tls.key",
        )
    return block, _public(_load(block))


def _no_key(found: tuple[Block, ...]) -> Broken:
    if any("CERTIFICATE" in block.label for block in found):
        return Broken(
            "It holds a certificate where the private key should be.",
            "Look whether certificate and key were exchanged.",
        )
    return Broken("It holds no private key in PEM.", "A private key begins with -----BEGIN PRIVATE KEY-----.")


def _load(block: Block) -> PrivateKeyTypes:
    try:
        # OpenSSL would test whether the factors are prime, a quarter of a second for RSA 4096; BoringSSL does not.
        return load_der_private_key(bytes(block.der), password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Broken(
            "The private key cannot be read: its content is no key of a known kind.", "Copy or make it once more."
        ) from None


def _public(key: PrivateKeyTypes) -> PublicKeyTypes:
    match key:
        case rsa.RSAPrivateKey():
            if not _is_consistent(key.private_numbers()):
                raise Broken(
                    "The numbers of the private RSA key do not fit together.",
                    "It was damaged: copy or make it once more.",
                )
        case ec.EllipticCurvePrivateKey() | ed25519.Ed25519PrivateKey():
            pass
        case _:
            raise Broken("The private key is of a kind that Envoy does not serve with.", "Use RSA or EC.")
    return key.public_key()


def _is_consistent(numbers: rsa.RSAPrivateNumbers) -> bool:
    """What BoringSSL checks of an RSA key (RFC 8017, section 3.2), short of testing for primes."""
    p, q, d = numbers.p, numbers.q, numbers.d
    e, n = numbers.public_numbers.e, numbers.public_numbers.n
    return (
        min(p, q) > 1
        and p * q == n
        and d < n
        and d * e % (p - 1) == 1
        and d * e % (q - 1) == 1
        and (numbers.dmp1, numbers.dmq1) == (d % (p - 1), d % (q - 1))
        and numbers.iqmp * q % p == 1
    )
