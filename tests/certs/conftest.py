"""Keys are slow to make and alike in all that matters, so each is made once per worker."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pylae.certs.authority import PrivateKey


@pytest.fixture(scope="session", params=["rsa", "ecdsa"])
def keys(request: pytest.FixtureRequest) -> tuple[PrivateKey, ...]:
    """One key each for a root, an intermediate and a leaf."""
    if request.param == "rsa":
        return tuple(rsa.generate_private_key(65537, 2048) for _ in range(3))
    return tuple(ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
