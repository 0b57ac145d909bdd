import pytest

from pylae.rules.names import (
    MESH,
    cluster,
    expand,
    gateway_reference,
    http_route_configuration,
    https_route_configuration,
    listener,
    service_hostname,
)


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("webapp", "webapp.shop.svc.cluster.local"),
        ("WebApp", "webapp.shop.svc.cluster.local"),
        ("webapp.other", "webapp.other"),
        ("a.example.com", "a.example.com"),
        ("*", "*"),
        ("1.2.3.4", "1.2.3.4"),
        ("::1", "::1"),
        ("", ""),
    ],
)
def test_a_name_without_dot_is_a_service_of_the_namespace(written, full) -> None:
    assert expand(written, "shop", "cluster.local") == full


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("gateway", ("default", "gateway")),
        ("./gateway", ("default", "gateway")),
        ("other/gateway", ("other", "gateway")),
        ("gateway.default", ("default", "gateway")),
        ("private.ingress.svc.cluster.local", ("ingress", "private")),
        ("mesh", MESH),
    ],
)
def test_v15_a_gateways_name_is_resolved_from_the_virtual_services_namespace(written, meant) -> None:
    assert gateway_reference(written, "default") == meant


def test_envoys_resources_are_named_as_istio_names_them() -> None:
    assert service_hostname("shop", "webapp", "cluster.local") == "webapp.shop.svc.cluster.local"
    assert cluster(80, "", "webapp.shop.svc.cluster.local") == "outbound|80||webapp.shop.svc.cluster.local"
    assert cluster(80, "v1", "a.b") == "outbound|80|v1|a.b"
    assert listener("", 8443) == "0.0.0.0_8443"
    assert listener("127.0.0.1", 8443) == "127.0.0.1_8443"
    assert http_route_configuration(8080) == "http.8080"
    assert http_route_configuration(7, "127.0.0.1") == "http.7.127.0.0.1"
    assert https_route_configuration(443, "https", "books", "default") == "https.443.https.books.default"
    assert https_route_configuration(443, "tls", "books", "shop", "::1") == "https.443.tls.books.shop.::1"
