"""Nobody gets into the API without its token or a certificate of its authority, and no web page does even with them."""

import contextlib
import http.client
import json
import ssl
from pathlib import Path

import pytest
import yaml
from world import World, pair

pytestmark = pytest.mark.real

PATHS = (
    *("/", "/api", "/apis", "/api/v1", "/version", "/healthz", "/livez", "/readyz", "/metrics", "/openapi/v2"),
    *("/openapi/v3", "/no/such/path", "/api/v1/secrets", "/api/v1/namespaces/istio-system/secrets/good"),
    *("/api/v1/secrets?watch=1", "/api/v1/namespaces/istio-system/pods/istio-ingressgateway-0/log"),
    "/apis/networking.istio.io/v1/gateways",
)
METHODS = ("GET", "POST", "DELETE", "OPTIONS")


class Api:
    """The API by plain HTTP, with whatever is said to it."""

    def __init__(self, world: World) -> None:
        config = yaml.safe_load((world.data / "kubeconfig").read_text())
        self.token: str = config["users"][0]["user"]["token"]
        self.host: str = config["clusters"][0]["cluster"]["server"].removeprefix("https://")

    def ask(self, method: str, path: str, *, body: object = None, tls: ssl.SSLContext | None = None, **headers: str):
        """The status and the body of the answer."""
        context = tls or unverified()
        with contextlib.closing(http.client.HTTPSConnection(self.host, timeout=10, context=context)) as connection:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def known(self, method: str, path: str, **given: object):
        return self.ask(method, path, Authorization=f"Bearer {self.token}", **given)


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.fixture(scope="module")
def api(shop: World) -> Api:
    return Api(shop)


def test_there_is_no_path_and_no_method_for_a_request_without_credentials(api: Api) -> None:
    assert api.known("GET", "/readyz") == (200, "ok")
    answered = {(method, path): api.ask(method, path)[0] for path in PATHS for method in METHODS}
    assert {asked: status for asked, status in answered.items() if status != 401} == {}


def test_a_wrong_token_is_no_token(api: Api, shop: World) -> None:
    kept = (shop.data / "pki" / "admin.token.sha256").read_text().strip()
    wrong = ("Bearer wrong", f"Bearer {kept}", f"Bearer {api.token}x", f"Basic {api.token}", api.token, "Bearer ")
    assert {given: api.ask("GET", "/version", Authorization=given)[0] for given in wrong} == dict.fromkeys(wrong, 401)


def test_a_certificate_of_another_authority_is_refused(api: Api, tmp_path: Path) -> None:
    stranger = pair("pylae-admin", subject="pylae-admin")
    (tmp_path / "chain").write_text(stranger.chain)
    (tmp_path / "key").write_text(stranger.key)
    context = unverified()
    context.load_cert_chain(tmp_path / "chain", tmp_path / "key")
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        api.ask("GET", "/version", tls=context, Authorization=f"Bearer {api.token}")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:443", "127.0.0.1.evil.example", "10.0.0.1", ""])
def test_a_name_that_was_rebound_to_loopback_is_refused_even_with_the_token(api: Api, host: str) -> None:
    status, body = api.known("GET", "/api/v1/secrets", Host=host)
    assert status == 403
    assert json.loads(body)["reason"] == "Forbidden"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://127.0.0.1"])
def test_a_web_page_is_refused_even_with_the_token(api: Api, origin: str) -> None:
    assert api.known("GET", "/version", Origin=origin)[0] == 403
    assert api.known("OPTIONS", "/version", Origin=origin)[0] == 403


def test_a_body_of_more_than_3_mib_is_refused_whether_its_length_is_told_or_not(api: Api) -> None:
    large, place = b"x" * (3 * 1024 * 1024 + 1), "/api/v1/namespaces/default/configmaps"
    assert api.known("POST", place, body=large)[0] == 413
    assert api.known("POST", place, body=(large[at : at + 65536] for at in range(0, len(large), 65536)))[0] == 413
    assert api.known("POST", place, body=large[:-1])[0] == 400
