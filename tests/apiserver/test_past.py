"""A collection as it was: every moment that is still known can be shown, while it goes on changing."""

import random

import pytest

from pylae.apimachinery.failure import Failure
from pylae.apiserver.cache import Cache
from pylae.apiserver.past import Past
from pylae.apiserver.reader import Range
from pylae.apiserver.walk import Walk
from pylae.apiserver.watcher import Interest

CONFIGMAPS = "configmaps"
Moment = dict[str, int]
"""Names and the revisions they had."""


def walk(cache: Cache, revision: int, *, limit: int = 0, interest: Interest | None = None) -> Walk:
    past = Past(cache, CONFIGMAPS, revision)
    return Walk(cache, interest or Interest(), Range(CONFIGMAPS), limit=limit, past=past)


def shown(walk: Walk) -> Moment:
    """All that is left of a walk."""
    found: Moment = {}
    while not walk.is_over:
        found |= {entry.key.name: entry.revision for entry in walk.step()}
    return found


async def some_life(store, chance: random.Random, steps: int) -> dict[int, Moment]:
    """Objects come, change and go; what there was after each step, by revision."""
    now = {entry.key.name: entry.revision for entry in store.cache.walk(CONFIGMAPS)}
    moments = {store.cache.revision: dict(now)}
    for _ in range(steps):
        name = f"n{chance.randrange(12):02}"
        if name in now and chance.random() < 0.4:
            await store.remove(name)
            del now[name]
        else:
            now[name] = (await store.put(name, labels={"dice": str(chance.randrange(2))})).revision
        await store.put("x", "services")
        moments[store.cache.revision] = dict(now)
    return moments


@pytest.mark.parametrize("seed", range(5))
async def test_every_moment_can_be_shown_over_a_restart_too(store, seed):
    moments = await some_life(store, random.Random(seed), 40)
    store = await store.reopen()
    moments |= await some_life(store, random.Random(seed + 100), 40)
    for revision, moment in moments.items():
        assert shown(walk(store.cache, revision)) == moment
    await store.journal.close()


@pytest.mark.parametrize("seed", range(5))
async def test_pages_show_one_moment_while_everything_changes(store, seed):
    chance = random.Random(seed)
    moments = await some_life(store, chance, 40)
    revision = store.cache.revision
    found, after = {}, ("", "")
    while True:
        past = Past(store.cache, CONFIGMAPS, revision)
        page = Walk(store.cache, Interest(), Range(CONFIGMAPS, after=after), limit=3, past=past)
        found |= shown(page)
        if not page.is_cut:
            break
        after = page.last.key.namespace, page.last.key.name
        await some_life(store, chance, 5)
    assert found == moments[revision]


async def test_a_walk_shows_its_moment_though_others_write_between_its_slices(store):
    for number in range(600):
        await store.put(f"n{number:04}")
    revision = store.cache.revision
    long = walk(store.cache, revision)
    first = long.step()
    await store.remove("n0001")
    await store.remove("n0599")
    await store.put("n0300", changed="yes")
    await store.put("n0555a")
    rest = shown(long)
    assert [entry.key.name for entry in first] + list(rest) == [f"n{number:04}" for number in range(600)]
    assert rest["n0300"] <= revision


async def test_selectors_look_at_what_was(store):
    await store.put("a", labels={"tier": "web"})
    revision = store.cache.revision
    await store.put("a", labels={"tier": "api"})
    await store.put("b", labels={"tier": "web"})
    web = Interest(labels=lambda labels: labels.get("tier") == "web")
    assert list(shown(walk(store.cache, revision, interest=web))) == ["a"]
    assert list(shown(walk(store.cache, store.cache.revision, interest=web))) == ["b"]


async def test_a_moment_that_is_forgotten_is_410(store):
    await store.put("a")
    revision = store.cache.revision
    await store.put("b")
    store.cache.forget(store.cache.revision + 1)
    with pytest.raises(Failure, match="too old resource version"):
        walk(store.cache, revision).step()
