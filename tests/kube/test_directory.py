"""Watched files against the embedded server."""

from pathlib import Path

import pytest

from pylae.api.scheme import CONFIG_MAP, GATEWAY, NAMESPACE, SECRET
from pylae.apiserver.server import ApiServer
from pylae.apiserver.settings import ApiServerSettings
from pylae.kube.apply import Outcome
from pylae.kube.client import Client
from pylae.kube.directory import RETRY, Directory
from pylae.kube.errors import Unreachable
from pylae.kube.ownership import SOURCE
from pylae.kube.report import Report


def config_map(name: str, value: str = "1", namespace: str = "default") -> str:
    metadata = f"{{name: {name}, namespace: {namespace}}}"
    return f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {metadata}\ndata: {{x: '{value}'}}\n"


GATEWAY_OF_TWO = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: default}
spec:
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [a.example]
  - port:
      number: eighty
      name: http
    hosts: [b.example]
"""


class Shop:
    """A directory of manifests, watched."""

    def __init__(self, root: Path, client: Client) -> None:
        self.root = root
        self.client = client
        self.directory = Directory(client, [root])

    def write(self, name: str, *parts: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(parts))
        return path

    async def settle(self) -> Report:
        """Looks as often as it takes until a change is acted on."""
        reports = [await self.directory.look() for _ in range(3)]
        return Report(
            tuple(applied for report in reports for applied in report.applied),
            tuple(refusal for report in reports for refusal in report.refused),
            tuple(about for report in reports for about in report.pruned),
        )

    def again(self) -> None:
        """Another process watches from here on."""
        self.directory = Directory(self.client, [self.root])

    async def values(self) -> dict[str, str]:
        found = await self.client.list(CONFIG_MAP)
        return {one["metadata"]["name"]: one["data"]["x"] for one in found}


@pytest.fixture
def shop(client: Client, tmp_path: Path) -> Shop:
    root = tmp_path / "shop"
    root.mkdir()
    return Shop(root, client)


def outcomes(report: Report) -> list[tuple[str, Outcome]]:
    return [(applied.about.name, applied.outcome) for applied in report.applied]


async def test_the_first_look_applies_all_there_is(shop: Shop) -> None:
    shop.write("a.yaml", config_map("a"), config_map("b"))
    path = shop.write("sub/c.json", '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"x":"1"}}')
    report = await shop.directory.look()
    assert outcomes(report) == [("a", Outcome.CREATED), ("b", Outcome.CREATED), ("c", Outcome.CREATED)]
    assert await shop.values() == {"a": "1", "b": "1", "c": "1"}
    found = await shop.client.get(CONFIG_MAP, "default", "c")
    assert found["metadata"]["annotations"][SOURCE] == str(path)


async def test_nothing_happens_when_nothing_changed(shop: Shop) -> None:
    shop.write("a.yaml", config_map("a"))
    assert await shop.directory.look()
    assert not await shop.settle()


async def test_an_edited_file_is_applied_once_it_has_come_to_rest(shop: Shop) -> None:
    shop.write("a.yaml", config_map("a"))
    await shop.directory.look()
    shop.write("a.yaml", config_map("a", "22"))
    assert not await shop.directory.look()
    shop.write("a.yaml", config_map("a", "333"))
    assert not await shop.directory.look()
    assert outcomes(await shop.directory.look()) == [("a", Outcome.CONFIGURED)]
    assert await shop.values() == {"a": "333"}


async def test_a_new_file_is_applied(shop: Shop) -> None:
    await shop.directory.look()
    shop.write("a.yaml", config_map("a"))
    assert outcomes(await shop.settle()) == [("a", Outcome.CREATED)]


async def test_a_removed_file_takes_its_objects_along(shop: Shop) -> None:
    path = shop.write("a.yaml", config_map("a"), config_map("b"))
    await shop.directory.look()
    path.unlink()
    report = await shop.settle()
    assert sorted(about.name for about in report.pruned) == ["a", "b"]
    assert await shop.values() == {}


async def test_a_document_taken_out_of_a_file_takes_its_object_along(shop: Shop) -> None:
    shop.write("a.yaml", config_map("a"), config_map("b"))
    await shop.directory.look()
    shop.write("a.yaml", config_map("a"))
    report = await shop.settle()
    assert [str(about) for about in report.pruned] == ["ConfigMap default/b"]
    assert await shop.values() == {"a": "1"}


async def test_a_file_that_is_away_for_one_look_is_not_missed(shop: Shop) -> None:
    path = shop.write("a.yaml", config_map("a"))
    await shop.directory.look()
    path.rename(shop.root / "aside")
    assert not await shop.directory.look()
    (shop.root / "aside").rename(path)
    assert not await shop.settle()
    assert await shop.values() == {"a": "1"}


async def test_a_renamed_file_keeps_its_objects(shop: Shop) -> None:
    path = shop.write("a.yaml", config_map("a"))
    await shop.directory.look()
    uid = (await shop.client.get(CONFIG_MAP, "default", "a"))["metadata"]["uid"]
    path.rename(shop.root / "b.yaml")
    report = await shop.settle()
    assert report.pruned == ()
    found = (await shop.client.get(CONFIG_MAP, "default", "a"))["metadata"]
    assert (found["uid"], found["annotations"][SOURCE]) == (uid, str(shop.root / "b.yaml"))


async def test_a_file_that_turns_bad_is_reported_and_its_objects_stay(shop: Shop) -> None:
    shop.write("a.yaml", config_map("a"), config_map("b"))
    await shop.directory.look()
    shop.write("a.yaml", config_map("a", "2"), "---\nb: c: d\n")
    report = await shop.settle()
    assert [str(refusal) for refusal in report.refused] == [
        f"{shop.root}/a.yaml:7: not YAML: mapping values are not allowed in this context"
    ]
    assert report.pruned == ()
    assert await shop.values() == {"a": "2", "b": "1"}


async def test_a_file_that_is_good_again_is_taken_as_a_whole(shop: Shop) -> None:
    shop.write("a.yaml", config_map("a"), "---\nb: c: d\n", config_map("b"))
    await shop.directory.look()
    shop.write("a.yaml", config_map("b"))
    assert [about.name for about in (await shop.settle()).pruned] == ["a"]


async def test_what_the_api_refuses_is_told_with_the_line_of_the_field(shop: Shop) -> None:
    shop.write("a.yaml", config_map("a"))
    shop.write("broken.yaml", GATEWAY_OF_TWO)
    report = await shop.directory.look()
    (refusal,) = report.refused
    assert (refusal.where, str(refusal.about)) == (f"{shop.root}/broken.yaml:9", "Gateway default/front")
    assert refusal.message.startswith("spec.servers[1].port.number: Invalid value")
    assert outcomes(report) == [("a", Outcome.CREATED)]


async def test_an_unknown_field_is_told_with_its_line(shop: Shop) -> None:
    text = GATEWAY_OF_TWO.replace("number: eighty", "number: 80").replace("  servers:", "  selectorr: {}\n  servers:")
    shop.write("broken.yaml", text)
    (refusal,) = (await shop.directory.look()).refused
    assert (refusal.line, refusal.message) == (5, 'unknown field "spec.selectorr"')


async def test_a_refusal_is_reported_once_and_stands_until_it_is_mended(shop: Shop) -> None:
    shop.write("broken.yaml", GATEWAY_OF_TWO)
    assert len((await shop.directory.look()).refused) == 1
    assert not await shop.settle()
    (standing,) = shop.directory.standing()
    assert (standing.path, standing.applied, len(standing.refused)) == (shop.root, 0, 1)
    shop.write("broken.yaml", GATEWAY_OF_TWO.replace("eighty", "81").replace("      name: http", "      name: web"))
    assert outcomes(await shop.settle()) == [("front", Outcome.CREATED)]
    (standing,) = shop.directory.standing()
    assert (standing.applied, standing.refused) == (1, ())


async def test_a_refused_edit_leaves_the_object_as_it_was(shop: Shop) -> None:
    good = GATEWAY_OF_TWO.replace("eighty", "81").replace("      name: http", "      name: web")
    shop.write("gw.yaml", good)
    await shop.directory.look()
    shop.write("gw.yaml", GATEWAY_OF_TWO)
    report = await shop.settle()
    assert len(report.refused) == 1
    assert report.pruned == ()
    assert (await shop.client.get(GATEWAY, "default", "front"))["spec"]["servers"][1]["port"]["number"] == 81


async def test_namespaces_are_made_before_what_is_in_them(shop: Shop) -> None:
    shop.write("a.yaml", config_map("a", namespace="store"))
    shop.write("z.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: store}\n")
    report = await shop.directory.look()
    assert report.refused == ()
    assert outcomes(report) == [("store", Outcome.CREATED), ("a", Outcome.CREATED)]


async def test_a_namespace_that_comes_later_is_waited_for(shop: Shop) -> None:
    shop.write("a.yaml", config_map("a", namespace="store"))
    report = await shop.directory.look()
    assert [refusal.message for refusal in report.refused] == [
        'namespaces "store" not found. Create it first: kubectl create namespace store'
    ]
    await shop.client.create(NAMESPACE, "", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "store"}})
    reports = [await shop.directory.look() for _ in range(RETRY)]
    assert [outcomes(report) for report in reports if report] == [[("a", Outcome.CREATED)]]


async def test_two_files_with_one_object_do_not_fight(shop: Shop) -> None:
    shop.write("a.yaml", config_map("a", "first"))
    shop.write("b.yaml", config_map("a", "second"))
    report = await shop.directory.look()
    assert [str(refusal) for refusal in report.refused] == [
        f"{shop.root}/b.yaml:2: ConfigMap default/a: it is also in {shop.root}/a.yaml; this one is not used"
    ]
    assert await shop.values() == {"a": "first"}
    (shop.root / "a.yaml").unlink()
    for _ in range(RETRY + 2):
        await shop.directory.look()
    assert await shop.values() == {"a": "second"}


async def test_an_object_written_twice_in_one_file_counts_once(shop: Shop) -> None:
    shop.write("a.yaml", config_map("a", "first"), config_map("a", "second"))
    (refusal,) = (await shop.directory.look()).refused
    assert (refusal.line, refusal.message) == (7, "it is also above in this file; this one is not used")
    assert await shop.values() == {"a": "first"}


async def test_objects_whose_file_went_while_nobody_watched_are_pruned_at_the_start(shop: Shop) -> None:
    path = shop.write("a.yaml", config_map("a"))
    shop.write("b.yaml", config_map("b"), config_map("c"))
    await shop.directory.look()
    path.unlink()
    shop.write("b.yaml", config_map("b"))
    shop.again()
    report = await shop.directory.look()
    assert sorted(about.name for about in report.pruned) == ["a", "c"]
    assert outcomes(report) == [("b", Outcome.UNCHANGED)]
    assert await shop.values() == {"b": "1"}


async def test_objects_of_a_file_that_is_bad_at_the_start_stay(shop: Shop) -> None:
    shop.write("a.yaml", config_map("a"), config_map("b"))
    await shop.directory.look()
    shop.write("a.yaml", "b: c: d\n")
    shop.again()
    report = await shop.directory.look()
    assert report.pruned == ()
    assert len(report.refused) == 1
    shop.write("a.yaml", config_map("b"))
    assert [about.name for about in (await shop.settle()).pruned] == ["a"]


async def test_objects_that_nobody_wrote_into_a_file_stay(shop: Shop) -> None:
    await shop.client.create(CONFIG_MAP, "default", {"metadata": {"name": "mine"}, "data": {"x": "0"}})
    await shop.directory.look()
    assert await shop.values() == {"mine": "0"}


async def test_files_of_a_directory_that_is_not_watched_now_stay(shop: Shop, tmp_path: Path) -> None:
    shop.write("a.yaml", config_map("a"))
    await shop.directory.look()
    (tmp_path / "other").mkdir()
    await Directory(shop.client, [tmp_path / "other"]).look()
    assert await shop.values() == {"a": "1"}


async def test_a_directory_that_is_out_of_reach_loses_nothing(shop: Shop, tmp_path: Path) -> None:
    shop.write("sub/a.yaml", config_map("a"))
    await shop.directory.look()
    shop.root.rename(tmp_path / "unmounted")
    report = await shop.settle()
    assert [str(refusal) for refusal in report.refused] == [f"{shop.root}: there is no such file or directory"]
    shop.again()
    assert (await shop.directory.look()).pruned == ()
    assert await shop.values() == {"a": "1"}


async def test_a_directory_within_goes_with_all_that_was_in_it(shop: Shop, tmp_path: Path) -> None:
    shop.write("sub/a.yaml", config_map("a"))
    await shop.directory.look()
    (shop.root / "sub").rename(tmp_path / "away")
    assert [about.name for about in (await shop.settle()).pruned] == ["a"]


async def test_an_object_that_another_hand_took_over_is_not_pruned(shop: Shop) -> None:
    path = shop.write("a.yaml", config_map("a"))
    await shop.directory.look()
    await shop.client.patch(CONFIG_MAP, "default", "a", {"metadata": {"annotations": {SOURCE: None}}})
    path.unlink()
    assert (await shop.settle()).pruned == ()
    assert await shop.values() == {"a": "1"}


async def test_a_single_file_may_be_watched_and_pruned(shop: Shop) -> None:
    path = shop.write("a.yaml", config_map("a"))
    shop.directory = Directory(shop.client, [path])
    await shop.directory.look()
    path.unlink()
    assert [about.name for about in (await shop.settle()).pruned] == ["a"]


async def test_warnings_of_the_server_come_with_the_object(shop: Shop) -> None:
    shop.write(
        "a.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {selector: {}, template: {}}\n"
    )
    (applied,) = (await shop.directory.look()).applied
    assert any("Deployment is stored" in warning for warning in applied.warnings)


async def test_a_kind_that_is_unknown_is_refused_and_the_rest_applied(shop: Shop) -> None:
    shop.write("a.yaml", config_map("a"), "---\napiVersion: nowhere/v1\nkind: Thing\nmetadata: {name: t}\n")
    report = await shop.directory.look()
    assert [refusal.message for refusal in report.refused] == ['the server has no kind "Thing" in version "nowhere/v1"']
    assert outcomes(report) == [("a", Outcome.CREATED)]


async def test_a_secret_from_a_file_leaves_its_payload_nowhere_else(shop: Shop) -> None:
    shop.write("a.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {key: s3cr3t}\n")
    report = await shop.directory.look()
    assert "s3cr3t" not in repr(report)
    found = await shop.client.get(SECRET, "default", "a")
    assert found["metadata"]["annotations"] == {SOURCE: str(shop.root / "a.yaml")}


async def test_what_could_not_be_done_for_want_of_a_server_is_done_later(server: ApiServer, shop: Shop) -> None:
    shop.write("a.yaml", config_map("a"))
    await server.stop()
    with pytest.raises(Unreachable):
        await shop.directory.look()
    again = ApiServer(ApiServerSettings(data=server.settings.data, port=server.port))
    await again.start()
    assert outcomes(await shop.directory.look()) == [("a", Outcome.CREATED)]
    await again.stop()
