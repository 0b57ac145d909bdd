"""What was there at the start is read as lists, page by page."""

import msgspec

from pylae.api.scheme import GATEWAY, VIRTUAL_SERVICE, Kind
from pylae.controlplane.report.backlog import PAGE, Backlog, Seen
from pylae.kube.answers import Page
from pylae.kube.client import Client
from pylae.kube.connection import Connection
from pylae.kube.errors import Gone, NotFound


class Lists(Client):
    """Pages by kind; each page is the token of the next one."""

    def __init__(self, pages: dict[Kind, list[list[bytes] | Gone]]) -> None:
        super().__init__(Connection("http://127.0.0.1:9"))
        self.pages_of = pages
        self.asked: list[tuple[Kind, str]] = []

    async def page(self, kind: Kind, namespace: str = "", continue_token: str = "", **query: str) -> Page:
        assert query == {"limit": str(PAGE)}
        self.asked.append((kind, continue_token))
        number = int(continue_token or 0)
        found = self.pages_of[kind][number]
        if isinstance(found, Gone):
            self.pages_of[kind][number] = []
            raise found
        return Page(tuple(found), "1", str(number + 1) if number + 1 < len(self.pages_of[kind]) else "")


class Without(Lists):
    """A server that has every kind but one."""

    def __init__(self, absent: Kind, pages: dict[Kind, list[list[bytes] | Gone]]) -> None:
        super().__init__(pages)
        self.absent = absent

    async def serves(self, kind: Kind) -> bool:
        return kind != self.absent

    async def page(self, kind: Kind, namespace: str = "", continue_token: str = "", **query: str) -> Page:
        if kind == self.absent:
            raise NotFound(404, "", "404 page not found")
        return await super().page(kind, namespace, continue_token, **query)


def body(name: str, **status: object) -> bytes:
    return msgspec.json.encode({"metadata": {"namespace": "shop", "name": name}, "spec": {}, "status": status})


async def all_of(backlog: Backlog) -> list[Seen]:
    found = []
    while not backlog.is_empty:
        if seen := await backlog.next():
            found.append(seen)
    assert await backlog.next() is None
    return found


async def test_all_objects_of_all_kinds_are_seen_with_their_status() -> None:
    lists = Lists({GATEWAY: [[body("a", servers=[])], [body("b")]], VIRTUAL_SERVICE: [[body("c")]]})
    seen = await all_of(Backlog(lists, (GATEWAY, VIRTUAL_SERVICE)))
    assert [(one.kind, one.key, one.present.status) for one in seen] == [
        (GATEWAY, ("shop", "a"), {"servers": []}),
        (GATEWAY, ("shop", "b"), {}),
        (VIRTUAL_SERVICE, ("shop", "c"), {}),
    ]
    assert lists.asked == [(GATEWAY, ""), (GATEWAY, "1"), (VIRTUAL_SERVICE, "")]


async def test_a_page_is_asked_for_when_the_one_before_it_was_looked_at() -> None:
    lists = Lists({GATEWAY: [[body("a"), body("b")], [body("c")]]})
    backlog = Backlog(lists, (GATEWAY,))
    await backlog.next()
    await backlog.next()
    assert lists.asked == [(GATEWAY, "")]


async def test_a_list_that_grew_too_old_is_begun_anew() -> None:
    lists = Lists({GATEWAY: [[body("a")], Gone(410, "Expired", "too old")]})
    names = [seen.key[1] for seen in await all_of(Backlog(lists, (GATEWAY,)))]
    assert names == ["a", "a"]


async def test_a_kind_that_the_server_does_not_have_stands_in_nobodys_way() -> None:
    lists = Without(GATEWAY, {VIRTUAL_SERVICE: [[body("c")]]})
    assert [seen.key[1] for seen in await all_of(Backlog(lists, (GATEWAY, VIRTUAL_SERVICE)))] == ["c"]


async def test_an_object_without_a_status_says_nothing_yet() -> None:
    lists = Lists({GATEWAY: [[b'{"metadata": {"name": "a"}}', b'{"metadata": {"name": "b"}, "status": null}']]})
    assert [seen.present.status for seen in await all_of(Backlog(lists, (GATEWAY,)))] == [{}, {}]


async def test_no_objects_are_no_backlog() -> None:
    assert await all_of(Backlog(Lists({GATEWAY: [[]]}), (GATEWAY,))) == []
