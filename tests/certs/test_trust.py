"""The authority of control planes and gateways."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from pylae.certs.authority import PrivateKey
from pylae.certs.trust import CONTROL_PLANE, SKEW, Draw, authority, control_plane, gateway, spiffe

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def draws(keys: tuple[PrivateKey, ...]) -> tuple[Draw, ...]:
    return tuple(Draw(key, serial) for serial, key in enumerate(keys, 1))


def test_a_control_plane_has_one_name_wherever_it_is(draws: tuple[Draw, ...]) -> None:
    issuer = authority(draws[0], NOON)
    made = control_plane(draws[1], issuer, NOON)
    policy = PolicyBuilder().store(Store([issuer.certificate])).time(NOON)
    assert policy.build_server_verifier(x509.DNSName(CONTROL_PLANE)).verify(made, [])
    assert made.not_valid_after_utc == NOON + timedelta(hours=24)


def test_a_gateway_is_named_as_spiffe_has_it_and_is_a_client(draws: tuple[Draw, ...]) -> None:
    issuer = authority(draws[0], NOON)
    made = gateway(draws[1], issuer, spiffe("edge", "front"), now=NOON, life=timedelta(days=90))
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://cluster.local/ns/edge/sa/front"]
    assert PolicyBuilder().store(Store([issuer.certificate])).time(NOON).build_client_verifier().verify(made, [])


def test_clocks_may_be_apart_a_little(draws: tuple[Draw, ...]) -> None:
    assert control_plane(draws[1], authority(draws[0], NOON), NOON).not_valid_before_utc == NOON - SKEW


def test_nothing_outlives_its_issuer(draws: tuple[Draw, ...]) -> None:
    issuer = authority(draws[0], NOON)
    late = issuer.certificate.not_valid_after_utc - timedelta(hours=1)
    made = gateway(draws[1], issuer, spiffe("edge", "front"), now=late, life=timedelta(days=90))
    assert made.not_valid_after_utc == issuer.certificate.not_valid_after_utc
