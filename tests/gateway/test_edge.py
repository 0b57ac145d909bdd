"""The limits of the edge as a user meets and sets them: by `pylae up`, and by the mesh configuration."""

import json

from world import GOOD, World, a_world, good_host

CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "istio-system"}}


def configure(world: World, mesh: str) -> None:
    assert world.apply(json.dumps({**CONFIG_MAP, "data": {"mesh": mesh}})).code == 0


def status_of(world: World, *options: str) -> str:
    return world.curl(f"https://{GOOD}/", "-k", "--http1.1", "-o", "/dev/null", "-w", "%{http_code}", *options).out[-3:]


def test_limits_are_there_by_default_and_each_can_be_changed_while_it_serves(shop: World) -> None:
    odd = ("-H", "x_user: admin")
    assert (status_of(shop), status_of(shop, *odd)) == ("200", "400")
    configure(shop, "pylae.dev/edge: {headersWithUnderscoresAction: ALLOW}")
    shop.until(lambda: status_of(shop, *odd) == "200")
    shop.kubectl("delete", "configmap", "istio", "-n", "istio-system")
    shop.until(lambda: status_of(shop, *odd) == "400")


def test_a_limit_that_cannot_be_is_told_on_the_config_map_and_does_no_harm(shop: World) -> None:
    configure(shop, "pylae.dev/edge: {maxConcurrentStreams: 0, idleTimeout: 15m}")
    shop.until(lambda: "maxConcurrentStreams: 0 is no whole number" in shop.pylae("status").out)
    assert status_of(shop) == "200"
    shop.kubectl("delete", "configmap", "istio", "-n", "istio-system")


def test_how_much_of_the_machine_envoy_may_take_is_for_the_user_to_say() -> None:
    with a_world("--max-heap", "300Mi", "--max-connections", "5") as world:
        world.apply(good_host())
        world.until(lambda: status_of(world) == "200")
        document = json.loads((world.data / "run" / "bootstrap.json").read_text())
        heap, connections = (row["typed_config"] for row in document["overload_manager"]["resource_monitors"])
    assert heap["max_heap_size_bytes"] == 300 * 2**20
    assert connections["max_active_downstream_connections"] == 5


def test_a_size_that_is_none_is_refused_before_anything_starts() -> None:
    with a_world() as world:
        answer = world.pylae("up", "-d", "--max-heap", "2GB")
    assert answer.code == 64
    assert '"2GB" is no size from 64Mi on, such as 512Mi or 2Gi' in answer.err
