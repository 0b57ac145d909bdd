"""The reading side of the database: what a look costs, and that the picture stands still while it should."""

import ipaddress
import math
import sqlite3

import pytest

from pylae.apiserver.allocation import FIRST_ADDRESS, NETWORK, STRIDE, Wish, _free_address
from pylae.apiserver.cache import Cache
from pylae.apiserver.claims import address_claim
from pylae.apiserver.entry import Key
from pylae.apiserver.reader import SLICE_BYTES, SLICE_ROWS, Range, Reader, _query
from pylae.apiserver.storage import open_storage
from pylae.apiserver.transaction import Transaction
from pylae.apiserver.walk import Walk
from pylae.apiserver.watcher import Interest


class Counting(Reader):
    """A reader that counts the objects it reads."""

    rows = 0

    def get(self, key):
        self.rows += 1
        return super().get(key)

    def slice(self, wanted, limit):
        entries, more = super().slice(wanted, limit)
        self.rows += len(entries)
        return entries, more


@pytest.fixture
def storage(tmp_path, clock):
    opened = open_storage(tmp_path / "api.db", now=clock())
    yield opened
    opened.close()


@pytest.fixture
def reader(storage):
    opened = Counting(storage.path)
    yield opened
    opened.close()


@pytest.fixture
def fill(storage, clock, events):
    """Stores so many objects, named by their numbers."""

    def fill(count: int, resource: str = "configmaps", **fields: object) -> None:
        first = storage.newest() + 1
        storage.commit([events.added(first + n, f"n{n:05}", resource, **fields) for n in range(count)], clock())

    return fill


def names(entries) -> list[str]:
    return [entry.key.name for entry in entries]


@pytest.mark.parametrize(
    "wanted",
    [
        Range("configmaps"),
        Range("configmaps", after=("shop", "b")),
        Range("configmaps", "shop", after=("shop", "b")),
        Range("configmaps", "shop", "a"),
    ],
    ids=str,
)
def test_every_range_is_found_by_the_primary_key_and_never_sorted(storage, wanted):
    sql, arguments = _query(wanted)
    with sqlite3.connect(storage.path) as database:
        plan = [row[-1] for row in database.execute(f"EXPLAIN QUERY PLAN {sql}", (*arguments, 1))]
    database.close()
    assert len(plan) == 1
    assert plan[0].startswith("SEARCH objects USING INDEX sqlite_autoindex_objects_1 (resource=? AND ")


def test_a_page_reads_what_it_shows_and_one_more_wherever_it_begins(reader, fill):
    fill(1000)
    for after in ("", "n00500", "n00990"):
        reader.rows = 0
        walk = Walk(Cache(reader, 0), Interest(), Range("configmaps", after=("shop", after)), limit=5)
        assert len(walk.step()) == 5
        assert (walk.is_over, walk.is_cut, reader.rows) == (True, True, 6)


def test_a_long_collection_is_walked_in_slices(reader, fill):
    fill(SLICE_ROWS * 2 + 7)
    walk, sizes = Walk(Cache(reader, 0), Interest(), Range("configmaps")), []
    while not walk.is_over:
        sizes.append(len(walk.step()))
    assert sizes == [SLICE_ROWS, SLICE_ROWS, 7]
    assert not walk.is_cut


def test_a_slice_is_bounded_in_bytes_too(reader, fill):
    fill(9, data={"k": "v" * (SLICE_BYTES // 3)})
    entries, more = reader.slice(Range("configmaps"), 100)
    assert (len(entries), more) == (3, True)


def test_what_interests_is_picked_from_as_many_slices_as_it_takes(reader, fill):
    fill(SLICE_ROWS * 3)
    wanted = Interest(fields=lambda obj: obj["metadata"]["name"].endswith("00"))
    walk, found = Walk(Cache(reader, 0), wanted, Range("configmaps"), limit=6), []
    while not walk.is_over:
        found += names(walk.step())
    assert (found, walk.is_cut) == (["n00000", "n00100", "n00200", "n00300", "n00400", "n00500"], True)


def test_one_name_is_looked_for_without_reading_the_others(reader, fill):
    fill(1000)
    walk = Walk(Cache(reader, 0), Interest(name="n00321"), Range("configmaps"))
    assert (names(walk.step()), walk.is_over, reader.rows) == (["n00321"], True, 1)


def test_a_held_picture_stands_still_and_is_let_go(storage, reader, fill):
    fill(1)
    with reader.hold():
        fill(2, "services")
        assert names(reader.slice(Range("services"), 9)[0]) == []
        storage.settle()
        assert storage.path.with_name("api.db-wal").stat().st_size > 0
    assert names(reader.slice(Range("services"), 9)[0]) == ["n00000", "n00001"]
    storage.settle()
    assert storage.path.with_name("api.db-wal").stat().st_size == 0


def test_nothing_is_read_at_the_start(storage, reader, fill):
    fill(1000)
    Cache(reader, storage.revision)
    assert reader.rows == 0


def test_who_holds_an_address_is_known_without_reading_services(reader, fill):
    fill(500, "services", spec={"clusterIP": "None"})
    fill(501, "services", spec={"clusterIP": "10.96.1.1"})
    transaction = Transaction(Cache(reader, 0), {}, revision=0)
    assert transaction.holder(address_claim("10.96.1.1")) == Key("services", "shop", "n00500")
    assert transaction.holder(address_claim("10.96.1.2")) is None
    assert reader.rows == 0


def test_a_transaction_knows_what_was_claimed_and_waived_before_it_is_durable(reader, fill):
    fill(1, "services", spec={"clusterIP": "10.96.1.1"})
    transaction = Transaction(Cache(reader, 0), {}, revision=5000)
    holder = Key("services", "shop", "n00000")
    old = transaction.get(holder)
    transaction.put(holder, {**old.object, "spec": {"clusterIP": "10.96.2.2"}})
    assert transaction.holder(address_claim("10.96.1.1")) is None
    assert transaction.holder(address_claim("10.96.2.2")) == holder
    transaction.remove(transaction.get(holder))
    assert transaction.holder(address_claim("10.96.2.2")) is None


def test_a_free_address_is_found_at_the_second_look_after_a_long_run_of_taken_ones():
    looks = []

    def taken(claim: str) -> bool:
        looks.append(claim)
        return int(ipaddress.ip_address(claim.split()[1])) - int(NETWORK[0]) < 90_000

    assert _free_address(Wish(500, taken)) == str(NETWORK[FIRST_ADDRESS + 500 + STRIDE])
    assert len(looks) == 2
    assert math.gcd(STRIDE, NETWORK.num_addresses - FIRST_ADDRESS - 1) == 1


def test_whether_there_is_anything_is_known_from_one_object(reader, fill):
    fill(1000)
    assert next(Transaction(Cache(reader, 0), {}, revision=0).walk("configmaps"), None)
    assert reader.rows == 1
