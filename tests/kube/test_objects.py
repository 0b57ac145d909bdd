"""Objects that are held as bytes: what is made when, and what is kept of it."""

import msgspec

from pylae.api.scheme import CONFIG_MAP
from pylae.kube.objects import RECENT, Objects, Recent


def config_map(name: str) -> bytes:
    return msgspec.json.encode({"metadata": {"name": name, "namespace": "shop"}, "data": {"a": name}})


def test_what_is_read_often_is_kept_and_what_is_not_makes_room() -> None:
    recent: Recent[str] = Recent(2)
    for number in range(100):
        recent.keep(("shop", f"passing-{number}"), "x")
        recent.keep(("shop", "often"), "y") if number == 0 else None
        assert recent.get(("shop", "often")) == "y"
    assert sum(recent.get(("shop", f"passing-{number}")) is not None for number in range(100)) <= 4


def filled(number: int) -> Objects:
    objects = Objects(CONFIG_MAP)
    for name in map(str, range(number)):
        objects.put(("shop", name), config_map(name))
    return objects


def test_no_more_than_a_few_thousand_are_kept_made() -> None:
    objects = filled(3 * RECENT)
    first = objects["shop", "0"]
    assert objects["shop", "0"] is first
    for key in objects:
        assert objects[key].metadata.name == key[1]
    assert objects["shop", "0"] is not first
    assert objects["shop", "0"] == first


def test_a_long_walk_makes_no_room_for_what_it_passes() -> None:
    objects = filled(3 * RECENT)
    first = objects["shop", "0"]
    assert sum(1 for _ in objects.values()) == 3 * RECENT
    assert objects["shop", "0"] is first


def test_a_short_walk_shows_the_same_objects_every_time() -> None:
    objects = filled(3)
    assert [*map(id, objects.values())] == [*map(id, objects.values())]


def test_a_body_of_before_is_read_as_what_it_was() -> None:
    objects, key = Objects(CONFIG_MAP), ("shop", "a")
    before = config_map("a")
    objects.put(key, before)
    assert objects.read(key, before) is objects[key]
    objects.put(key, None)
    assert key not in objects
    assert objects.get(key) is None
    assert objects.read(key, before) is not None


def test_values_and_items_say_the_same() -> None:
    objects = Objects(CONFIG_MAP)
    for name in ("a", "b"):
        objects.put(("shop", name), config_map(name))
    assert dict(objects.items()) == dict(zip(objects, objects.values(), strict=True))


def test_nothing_of_a_payload_prints() -> None:
    objects = Objects(CONFIG_MAP)
    objects.put(("shop", "a"), config_map("s3cr3t"))
    assert "s3cr3t" not in repr((objects, objects.values(), objects.items()))


def test_a_glance_keeps_nothing_made() -> None:
    objects = filled(1)
    body = objects.body(("shop", "0"))
    assert body is not None
    glanced = objects.glance(("shop", "0"), body)
    assert glanced == objects["shop", "0"]
    assert glanced is not objects["shop", "0"]


def test_a_glance_at_what_is_none_of_its_kind_is_told_as_a_reading_is() -> None:
    objects = Objects(CONFIG_MAP)
    body = b'{"metadata":{"name":1}}'
    objects.put(("shop", "0"), body)
    assert objects.glance(("shop", "0"), body) is None
    assert ("shop", "0") in objects.malformed
