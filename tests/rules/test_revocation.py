import pytest
from cryptography import x509
from issuing import issue, revocations, staple

from pylae.rules.armour import Broken
from pylae.rules.revocation import check_staple, read_revocations

CA, OTHER = issue(), issue()
MUST_STAPLE = issue("a.example", extensions=[x509.TLSFeature([x509.TLSFeatureType.status_request])])
DAMAGED = b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"


def test_revocation_lists_are_kept_and_all_else_dropped() -> None:
    one = revocations(CA)
    assert read_revocations(b"comment\n" + one + CA.chain + one) == one + one


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "It holds no revocation list"),
        (CA.chain, "It holds no revocation list"),
        (DAMAGED, "of line 1 cannot be read"),
    ],
)
def test_what_is_no_revocation_list_is_refused_since_envoy_would_revoke_nothing(text, words) -> None:
    with pytest.raises(Broken) as raised:
        read_revocations(text)
    assert words in raised.value.problem.message


def test_a_staple_must_be_for_the_certificate() -> None:
    check_staple(CA.chain, staple(CA))
    for answer in (staple(OTHER), b"nonsense"):
        with pytest.raises(Broken, match="is for another certificate"):
            check_staple(CA.chain, answer)


def test_a_certificate_that_demands_a_staple_needs_one() -> None:
    check_staple(MUST_STAPLE.chain, staple(MUST_STAPLE))
    with pytest.raises(Broken, match="must-staple"):
        check_staple(MUST_STAPLE.chain, b"")
    check_staple(CA.chain, b"")
