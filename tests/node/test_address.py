"""An address and a port, as somebody typed them."""

import pytest

from pylae.node.address import Address


@pytest.mark.parametrize("text", ["0.0.0.0:15020", "[::]:15020", "127.0.0.1:1"])
def test_an_address_is_written_as_it_is_read(text: str) -> None:
    assert str(Address.parse(text)) == text


@pytest.mark.parametrize("text", ["15020", "localhost:15020", "0.0.0.0:0", "0.0.0.0:70000", ":15020", "0.0.0.0"])
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"0\.0\.0\.0:15020"):
        Address.parse(text)
