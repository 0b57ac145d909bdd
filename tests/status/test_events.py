"""Which findings become events."""

from pylae.api.meta import ObjectRef
from pylae.model import codes
from pylae.model.finding import Code, Finding, Level
from pylae.status.events import EventWanted, events_wanted

ABOUT = ObjectRef("Gateway", "shop", "front")
MISSING = Finding(codes.CERTIFICATE_MISSING, ABOUT, "spec.servers[0]", "Secret a does not exist.", "Create it.")
EXPIRES = Finding(codes.CERTIFICATE_EXPIRES_SOON, ABOUT, "spec.servers[0]", "It ends soon.")


def test_a_finding_is_an_event_with_its_sentence() -> None:
    event = EventWanted(ABOUT, "Warning", "CertificateMissing", "Secret a does not exist. Create it.")
    assert events_wanted((MISSING,)) == (event,)


def test_the_order_is_that_of_the_findings() -> None:
    assert [event.reason for event in events_wanted((EXPIRES, MISSING))] == [
        "CertificateExpiresSoon",
        "CertificateMissing",
    ]


def test_the_same_sentence_on_one_object_is_one_event() -> None:
    other_place = Finding(MISSING.code, ABOUT, "spec.servers[1]", MISSING.message, MISSING.cure)
    assert len(events_wanted((MISSING, other_place))) == 1


def test_what_is_only_worth_knowing_is_a_normal_event() -> None:
    note = Finding(Code("PYL0999", "Note", Level.INFO, ""), ABOUT, "", "All is well.")
    assert events_wanted((note,))[0].type == "Normal"
