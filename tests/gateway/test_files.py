"""`pylae up -f DIR`: what is written there is served, and what is taken out of there goes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from world import GOOD, Answer, World, a_world, answer, documents, good_host

pytestmark = pytest.mark.real

BROKEN = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: broken\ndata: {}\n"
MISTYPED = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: mistyped}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: eighty, name: http, protocol: HTTP}
    hosts: [mistyped.example]
"""


def plain(*names: str) -> str:
    """A Gateway for `NAME.example` on port 80, each with a VirtualService of its own that answers."""
    hosts = [f"{name}.example" for name in names]
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": hosts}
    made = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "plain"},
        "spec": {"selector": {"istio": "ingressgateway"}, "servers": [server]},
    }
    return json.dumps(made)


def says(name: str, words: str) -> str:
    made = json.loads(answer(name, f"{name}.example"))
    made["spec"]["gateways"] = ["plain"]
    made["spec"]["http"][0]["directResponse"]["body"]["string"] = words
    return json.dumps(made)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    directory = tmp_path / "shop"
    (directory / "below").mkdir(parents=True)
    (directory / "good.yaml").write_text(good_host())
    (directory / "gateway.json").write_text(plain("one", "two"))
    (directory / "below" / "one.yml").write_text(says("one", "first"))
    (directory / "two.yaml").write_text(documents(says("two", "first"), CONFIG_MAP))
    (directory / "notes.txt").write_text("no manifest")
    return directory


CONFIG_MAP = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "beside"}, "data": {"a": "b"}}'


@pytest.fixture
def watched(files: Path) -> Iterator[World]:
    with a_world("-f", str(files)) as world:
        yield world


def ask(world: World, name: str) -> Answer:
    return world.curl(f"http://{name}.example/")


def told(world: World) -> dict[str, object]:
    (found,) = json.loads(world.pylae("status", "-o", "json").out)["files"]
    assert isinstance(found, dict)
    return found


def exists(world: World, kind: str, name: str) -> bool:
    return world.kubectl("get", kind, name).code == 0


def test_everything_below_is_served_when_up_returns(watched: World, files: Path) -> None:
    assert watched.curl(f"https://{GOOD}/", "-k").body == "hello from good"
    assert ask(watched, "one").body == ask(watched, "two").body == "first"
    assert told(watched) == {"path": str(files), "applied": 7, "refused": []}
    source = ("get", "virtualservice", "one", "-o", "jsonpath={.metadata.annotations.pylae\\.dev/source}")
    assert watched.kubectl(*source).out == str(files / "below" / "one.yml")


def test_an_edited_file_is_applied_and_what_is_taken_out_of_it_deleted(watched: World, files: Path) -> None:
    (files / "two.yaml").write_text(says("two", "second"))
    watched.until(lambda: ask(watched, "two").body == "second")
    watched.until(lambda: not exists(watched, "configmap", "beside"))
    replaced = files / ".one.swp"
    replaced.write_text(says("one", "replaced"))
    replaced.rename(files / "below" / "one.yml")  # as many editors save
    watched.until(lambda: ask(watched, "one").body == "replaced")


def test_a_file_that_is_added_is_applied_and_one_that_is_removed_pruned(watched: World, files: Path) -> None:
    (files / "gateway.json").write_text(plain("one", "two", "three"))
    (files / "new.yaml").write_text(says("three", "new"))
    watched.until(lambda: ask(watched, "three").body == "new")
    watched.apply(CONFIG_MAP.replace("beside", "by-hand"))
    (files / "new.yaml").unlink()
    watched.until(lambda: " 404 " in ask(watched, "three").out)
    assert not exists(watched, "virtualservice", "three")
    assert exists(watched, "configmap", "by-hand"), "what no file made is nobody's to prune"
    assert "virtualservice default/three deleted" in watched.pylae("logs", "pylae").out.lower()


def test_a_bad_file_is_told_with_its_line_and_its_objects_stay_while_all_others_go_on(
    watched: World, files: Path
) -> None:
    (files / "two.yaml").write_text(BROKEN)
    (files / "mistyped.yaml").write_text(MISTYPED)
    places = {f"{files}/two.yaml:4", f"{files}/mistyped.yaml:7"}
    watched.until(lambda: {refused["where"] for refused in told(watched)["refused"]} == places)  # type: ignore[attr-defined]
    shown, logged = watched.pylae("status").out, watched.pylae("logs", "pylae").out
    for place in places:
        assert place in shown
        assert place in logged
    assert "spec.servers[0].port.number" in shown
    assert ask(watched, "two").body == "first"
    (files / "below" / "one.yml").write_text(says("one", "second"))
    watched.until(lambda: ask(watched, "one").body == "second")
    (files / "two.yaml").write_text(says("two", "mended"))
    (files / "mistyped.yaml").unlink()
    watched.until(lambda: ask(watched, "two").body == "mended")
    watched.until(lambda: told(watched)["refused"] == [])


def test_what_is_removed_while_it_is_down_is_pruned_at_the_next_up(watched: World, files: Path) -> None:
    assert watched.pylae("down").code == 0
    (files / "below" / "one.yml").unlink()
    (files / "two.yaml").write_text(says("two", "edited"))
    assert watched.up("-f", str(files)).code == 0
    assert ask(watched, "two").body == "edited"
    watched.until(lambda: " 404 " in ask(watched, "one").out)
    assert not exists(watched, "virtualservice", "one")
    assert not exists(watched, "configmap", "beside")


def test_an_up_without_the_files_leaves_their_objects(watched: World) -> None:
    assert watched.pylae("down").code == 0
    assert watched.up().code == 0
    assert ask(watched, "one").body == "first"


def test_a_directory_that_is_gone_takes_nothing_with_it_and_is_told(watched: World, files: Path) -> None:
    files.rename(files.with_name("away"))
    watched.until(lambda: "no such file or directory" in watched.pylae("status").out)
    assert ask(watched, "one").body == "first"
    files.with_name("away").rename(files)
    watched.until(lambda: told(watched)["refused"] == [])
    assert ask(watched, "one").body == "first"


def test_pylae_apply_and_delete_do_it_once(world: World, files: Path) -> None:
    applied = world.pylae("apply", "-f", str(files))
    assert applied.code == 0, applied.err
    world.until(lambda: ask(world, "one").body == "first")
    deleted = world.pylae("delete", "-f", str(files))
    assert deleted.code == 0, deleted.err
    world.until(lambda: ask(world, "one").code != 0)
    assert not exists(world, "configmap", "beside")
