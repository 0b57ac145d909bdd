"""What of an object goes from one server to another."""

from typing import Any

from pylae.kube.portable import portable, reachable


def an_object(
    kind: str, api_version: str = "v1", *, metadata: dict[str, Any] | None = None, **rest: Any
) -> dict[str, Any]:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": "a", "namespace": "shop", **(metadata or {})},
        **rest,
    }


def test_what_a_server_put_there_stays_behind() -> None:
    metadata = {
        "uid": "1",
        "resourceVersion": "2",
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "managedFields": [{"manager": "kubectl"}],
        "ownerReferences": [{"uid": "3"}],
        "finalizers": ["example.com/tidy"],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "pylae.dev/source": "/a.yaml"},
        "labels": {"app": "a"},
    }
    gateway = an_object("Gateway", "networking.istio.io/v1", metadata=metadata, spec={"servers": []}, status={"a": 1})
    assert portable(gateway) == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "a", "namespace": "shop", "labels": {"app": "a"}},
        "spec": {"servers": []},
    }


def test_annotations_of_the_user_go_along() -> None:
    annotated = an_object("Gateway", metadata={"annotations": {"pylae.dev/serve": "on-demand"}})
    assert portable(annotated)["metadata"]["annotations"] == {"pylae.dev/serve": "on-demand"}


def test_a_service_gets_addresses_and_node_ports_from_its_new_cluster() -> None:
    spec = {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ports": [{"port": 80, "nodePort": 30000}]}
    assert portable(an_object("Service", spec=spec))["spec"] == {"ports": [{"port": 80}]}


def test_a_headless_service_stays_headless() -> None:
    spec = {"clusterIP": "None", "clusterIPs": ["None"]}
    assert portable(an_object("Service", spec=spec))["spec"] == {"clusterIP": "None"}


def test_of_a_namespace_its_name_and_the_users_labels_go_along() -> None:
    labels = {"kubernetes.io/metadata.name": "shop", "team": "web"}
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "shop", "labels": labels},
        "spec": {"finalizers": ["kubernetes"]},
    }
    assert portable(namespace) == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "shop", "labels": {"team": "web"}},
    }


def test_nothing_is_changed_in_place() -> None:
    service = an_object("Service", spec={"clusterIP": "10.0.0.1"}, status={})
    portable(service)
    assert service["spec"] == {"clusterIP": "10.0.0.1"}


def endpoints(*addresses: str) -> dict[str, Any]:
    return an_object(
        "EndpointSlice", "discovery.k8s.io/v1", endpoints=[{"addresses": [address]} for address in addresses]
    )


def test_addresses_that_mean_this_machine_are_left_out() -> None:
    found = reachable(endpoints("127.0.0.1", "10.0.0.1", "169.254.0.1"))
    assert found is not None
    assert found["endpoints"] == [{"addresses": ["10.0.0.1"]}]


def test_a_slice_of_which_nothing_is_left_is_none() -> None:
    assert reachable(endpoints("127.0.0.1", "::1")) is None


def test_a_slice_that_is_right_is_the_same() -> None:
    for right in (endpoints("10.0.0.1"), endpoints("backend.example"), endpoints()):
        assert reachable(right) is right
