"""The snapshot's indexes, which follow every change."""

from collections.abc import Iterator, Mapping

from hypothesis import given
from hypothesis import strategies as st

from pylae.api.core import Secret
from pylae.api.discovery import EndpointSlice
from pylae.api.meta import Object, ObjectMeta
from pylae.api.service_entry import ServiceEntry, ServiceEntrySpec
from pylae.model.snapshot import INDEXES, SERVICE_NAME_LABEL, Key, Snapshot


def entry(name: str, *hosts: str, made: str = "") -> ServiceEntry:
    metadata = ObjectMeta(name=name, namespace="shop", creation_timestamp=made)
    return ServiceEntry(metadata=metadata, spec=ServiceEntrySpec(hosts=hosts))


def endpoint_slice(name: str, service: str) -> EndpointSlice:
    labels = {SERVICE_NAME_LABEL: service}
    return EndpointSlice(metadata=ObjectMeta(name=name, namespace="shop", labels=labels))


def secret(name: str, namespace: str) -> Secret:
    return Secret(metadata=ObjectMeta(name=name, namespace=namespace))


def test_an_entry_is_found_by_each_of_its_hosts_oldest_first() -> None:
    snapshot = Snapshot()
    young, old = entry("a", "x.example", "Y.example", made="2026-02"), entry("b", "x.example", made="2026-01")
    for one in (young, old):
        snapshot.put("service_entries", ("shop", one.metadata.name), one)
    assert dict(snapshot.service_entries_of_host) == {"x.example": (old, young), "y.example": (young,)}


def test_a_slice_that_changes_its_service_is_found_there_and_no_longer_here() -> None:
    snapshot = Snapshot(endpoint_slices={("shop", "s"): endpoint_slice("s", "front")})
    assert ("shop", "front") in snapshot.slices_of_service
    moved = endpoint_slice("s", "back")
    snapshot.put("endpoint_slices", ("shop", "s"), moved)
    assert dict(snapshot.slices_of_service) == {("shop", "back"): (moved,)}


def test_a_secret_is_found_in_every_namespace_that_has_one() -> None:
    snapshot = Snapshot()
    assert dict(snapshot.namespaces_of_secret) == {}
    for namespace in ("shop", "istio-system"):
        snapshot.put("secrets", (namespace, "tls"), secret("tls", namespace))
    assert dict(snapshot.namespaces_of_secret) == {"tls": ("istio-system", "shop")}
    snapshot.put("secrets", ("shop", "tls"), None)
    assert dict(snapshot.namespaces_of_secret) == {"tls": ("istio-system",)}
    snapshot.put("secrets", ("istio-system", "tls"), None)
    assert dict(snapshot.namespaces_of_secret) == {}


class Counted(dict[Key, ServiceEntry]):
    """Counts what is read of it, one by one or all of it."""

    reads = 0

    def get(self, key: Key, default: object = None) -> ServiceEntry | None:  # type: ignore[override]
        self.reads += 1
        return super().get(key)

    def __getitem__(self, key: Key) -> ServiceEntry:
        self.reads += 1
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[Key]:
        self.reads += len(self)
        return super().__iter__()


def test_a_change_reads_no_object_but_its_own() -> None:
    entries = Counted({("shop", str(number)): entry(str(number), f"{number}.example") for number in range(1000)})
    snapshot = Snapshot(service_entries=entries)
    assert len(snapshot.service_entries_of_host) == 1000
    entries.reads = 0
    snapshot.put("service_entries", ("shop", "7"), entry("7", "new.example"))
    assert [found.metadata.name for found in snapshot.service_entries_of_host["new.example"]] == ["7"]
    assert entries.reads <= 2


few = st.sampled_from(["a", "b", "c"])
edits = st.lists(
    st.one_of(
        st.builds(lambda name, hosts: ("service_entries", ("shop", name), entry(name, *hosts)), few, st.lists(few)),
        st.builds(lambda name, of: ("endpoint_slices", ("shop", name), endpoint_slice(name, of)), few, few),
        st.builds(lambda name, where: ("secrets", (where, name), secret(name, where)), few, few),
        st.builds(lambda place, name: (place, ("shop", name), None), st.sampled_from([*INDEXES]), few),
    )
)


@given(edits)
def test_whatever_changes_the_indexes_are_those_of_a_new_snapshot(made: list[tuple[str, Key, Object | None]]) -> None:
    snapshot = Snapshot()
    assert not any(len(getattr(snapshot, index)) for index in INDEXES.values())
    for place, key, new in made:
        snapshot.put(place, key, new)
    places: dict[str, Mapping[Key, Object]] = {place: dict(getattr(snapshot, place)) for place in INDEXES}
    anew = Snapshot(**places)  # type: ignore[arg-type]
    for index in INDEXES.values():
        assert dict(getattr(snapshot, index)) == dict(getattr(anew, index))
