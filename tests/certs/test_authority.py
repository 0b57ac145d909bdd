from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from pylae.certs.authority import Authority, PrivateKey, Purpose, Request, Validity, intermediate, leaf, root
from pylae.certs.subject import subject

BEGIN = datetime(2021, 7, 4, 12, 49, 32, 999, tzinfo=UTC)
END = datetime(2041, 6, 29, 12, 49, 32, tzinfo=UTC)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def wanted(name: str, serial: int) -> Request:
    return Request(subject(name), serial, Validity(BEGIN, END))


@dataclass(frozen=True)
class Hierarchy:
    root: Authority
    intermediate: Authority
    key: PrivateKey

    def leaf(self, purpose: Purpose, *names: str) -> x509.Certificate:
        request = wanted("C=US, O=Dis, CN=webapp.istioinaction.io", 1049106)
        return leaf(request, self.key, self.intermediate, purpose=purpose, names=names)


@pytest.fixture
def hierarchy(keys: tuple[PrivateKey, ...]) -> Hierarchy:
    top = root(wanted("C=US, O=Dis, CN=root", 1), keys[0])
    return Hierarchy(top, intermediate(wanted("C=US, ST=Denial, O=Dis", 2), keys[1], top), keys[2])


def test_a_server_is_trusted_through_the_intermediate_for_each_of_its_names(hierarchy: Hierarchy) -> None:
    server = hierarchy.leaf(Purpose.SERVER, "webapp.istioinaction.io", "127.0.0.1")
    policy = PolicyBuilder().store(Store([hierarchy.root.certificate])).time(NOON)
    for name in (x509.DNSName("webapp.istioinaction.io"), x509.IPAddress(ip_address("127.0.0.1"))):
        chain = policy.build_server_verifier(name).verify(server, [hierarchy.intermediate.certificate])
        assert chain == [server, hierarchy.intermediate.certificate, hierarchy.root.certificate]


def test_another_name_is_not_trusted(hierarchy: Hierarchy) -> None:
    server = hierarchy.leaf(Purpose.SERVER, "webapp.istioinaction.io")
    policy = PolicyBuilder().store(Store([hierarchy.root.certificate])).time(NOON)
    with pytest.raises(VerificationError):
        policy.build_server_verifier(x509.DNSName("localhost")).verify(server, [hierarchy.intermediate.certificate])


def test_a_client_certificate_serves_no_server(hierarchy: Hierarchy) -> None:
    client = hierarchy.leaf(Purpose.CLIENT, "webapp.istioinaction.io")
    usage = client.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_serial_number_names_and_times_are_those_asked_for(hierarchy: Hierarchy) -> None:
    server = hierarchy.leaf(Purpose.SERVER)
    assert server.serial_number == 1049106
    assert server.issuer == subject("C=US, ST=Denial, O=Dis")
    assert (server.not_valid_before_utc, server.not_valid_after_utc) == (BEGIN.replace(microsecond=0), END)


def test_an_intermediate_signs_leaves_and_no_further_authority(hierarchy: Hierarchy) -> None:
    constraints = hierarchy.intermediate.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (True, 0)


def test_without_names_there_is_no_alternative_name_and_the_common_name_stands_alone(hierarchy: Hierarchy) -> None:
    with pytest.raises(x509.ExtensionNotFound):
        hierarchy.leaf(Purpose.SERVER).extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_an_authority_shows_its_name_and_never_its_key(hierarchy: Hierarchy) -> None:
    assert repr(hierarchy.root) == "Authority(CN=root,O=Dis,C=US)"
