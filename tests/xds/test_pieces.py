"""Large messages are put together of pieces: the same bytes whether a piece is remembered or made anew."""

from collections.abc import Callable
from dataclasses import replace

from picture import answering, decoded, listener, site

from pylae.model.ir.listener import Listener
from pylae.model.translation import Translation
from pylae.xds.emit import emit
from pylae.xds.listener import emit_listeners
from pylae.xds.pieces import Pieces
from pylae.xds.resource import Type
from pylae.xds.wellknown import socket_address

CHAINS = tuple(site(f"{name}.test", f"kubernetes://{name}", f"https.{name}") for name in "abc")


def with_chains(*names: str) -> Listener:
    return replace(listener("0.0.0.0_8443", 30005), chains=tuple(CHAINS["abc".index(name)] for name in names))


def test_a_listener_made_of_remembered_chains_is_the_one_made_from_scratch() -> None:
    pieces = Pieces()
    emit_listeners(with_chains("a", "b"), pieces)
    changed = with_chains("c", "b")
    assert emit_listeners(changed, Pieces(pieces.known)) == emit_listeners(changed)


def test_chains_keep_their_order() -> None:
    [resource] = emit_listeners(with_chains("c", "a", "b"))
    assert [chain["name"] for chain in decoded(resource)["filter_chains"]] == ["c.test", "a.test", "b.test"]


def test_only_what_changed_is_spelled() -> None:
    spelled: list[str] = []

    def spelling(name: str) -> Callable[[object], object]:
        return lambda _: spelled.append(name) or socket_address(listener("l", 1).addresses[0])

    first = Pieces()
    for name in ("a", "b"):
        first.of(name, name, spelling(name))  # type: ignore[arg-type]
    second = Pieces(first.known)
    for name, part in (("a", "a"), ("b", "changed")):
        second.of(name, part, spelling(name))  # type: ignore[arg-type]
    assert spelled == ["a", "b", "b"]


def test_what_is_gone_is_forgotten() -> None:
    first = emit(Translation(listeners=(with_chains("a", "b"),)))
    second = emit(Translation(listeners=(with_chains("a"),)), first)
    assert list(second.made[Type.LISTENER]["0.0.0.0_8443"].pieces) == ["a.test"]


def test_a_type_whose_nodes_are_the_very_same_is_not_looked_at() -> None:
    shop = Translation(route_configurations=(answering("http.8080", "here"),))
    first = emit(shop)
    second = emit(replace(shop, listeners=(with_chains("a"),)), first)
    assert second.made[Type.ROUTE] is first.made[Type.ROUTE]
