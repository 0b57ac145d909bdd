"""What names what."""

import pytest

from pylae.kube.references import secrets, service


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("web.shop.svc.cluster.local", ("shop", "web")),
        ("web.shop", None),
        ("api.partner.example", None),
        ("svc.cluster.local", None),
        ("a.b.c.svc.cluster.local", None),
    ],
)
def test_a_full_name_says_which_service_it_means(host: str, key: tuple[str, str] | None) -> None:
    assert service(host) == key


@pytest.mark.parametrize(
    ("credential", "names"),
    [
        ("shop", [("shop",)]),
        ("kubernetes://shop", [("shop",)]),
        ("kubernetes://edge/shop", [("shop",)]),
        ("kubernetes://other/shop", []),
        ("sds://shop", []),
        ("", []),
    ],
)
def test_only_what_the_clusters_gateway_would_be_given_is_asked_for(credential: str, names: list[tuple[str]]) -> None:
    server = {"hosts": ["*"], "tls": {"mode": "SIMPLE", "credentialName": credential}}
    gateway = {"kind": "Gateway", "metadata": {"name": "front"}, "spec": {"servers": [server]}}
    assert list(secrets(gateway, "edge")) == names
