import pytest

from pylae.certs.subject import subject


def test_the_parts_keep_the_order_in_which_they_are_written() -> None:
    name = subject("C=US, ST=Denial, L=Springfield, O=Dis, CN=webapp.istioinaction.io")
    assert [attribute.value for attribute in name] == ["US", "Denial", "Springfield", "Dis", "webapp.istioinaction.io"]


def test_a_value_may_hold_an_equals_sign() -> None:
    (attribute,) = subject("CN=a=b")
    assert attribute.value == "a=b"


@pytest.mark.parametrize("text", ["webapp", "CN=webapp, X=1", ""])
def test_a_part_that_is_no_key_and_value_is_refused_with_what_may_stand_there(text: str) -> None:
    with pytest.raises(ValueError, match="write KEY=value with one of C, ST, L, O, OU, CN"):
        subject(text)
