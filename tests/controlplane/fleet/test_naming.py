"""Which Gateways name a secret, by every change."""

from edits import AGES, SERVERS, of
from hypothesis import given
from hypothesis import strategies as st

from pylae.api.gateway import Gateway
from pylae.api.scheme import GATEWAY
from pylae.controlplane.fleet.naming import Naming
from pylae.rules.credentials import server_secrets

KEYS = [("shop", name) for name in "gh"]


def gateway(name: str, *tls: dict[str, object]) -> Gateway:
    servers = [{**SERVERS[2], "tls": one, "hosts": ["a.io"]} for one in tls]
    made = of(GATEWAY, name, "shop", AGES[0], {"spec": {"servers": servers}})
    assert isinstance(made, Gateway)
    return made


def names(gateway: Gateway | None) -> set[str]:
    found: set[str] = set()
    for server in gateway.spec.servers if gateway else ():
        assert server.tls is not None
        certificates, client_ca = server_secrets(server.tls)
        found.update(ref.name for ref in (*certificates, *filter(None, [client_ca])))
    return found


TLS = st.builds(
    lambda mode, credential: {"mode": mode, "credentialName": credential},
    st.sampled_from(("SIMPLE", "MUTUAL")),
    st.sampled_from("abc"),
)


@given(st.lists(st.tuples(st.sampled_from("gh"), st.lists(TLS, max_size=3), st.booleans()), max_size=12))
def test_a_secret_has_the_gateways_that_name_it_after_any_edits(
    script: list[tuple[str, list[dict[str, object]], bool]],
) -> None:
    naming, there = Naming(), dict[tuple[str, str], Gateway | None]()
    for name, tls, here in script:
        there["shop", name] = gateway(name, *tls) if here else None
        naming.put(("shop", name), there["shop", name])
        for secret in (f"kubernetes://{name}{end}" for name in "abc" for end in ("", "-cacert")):
            assert set(naming.of(secret)) == {key for key, found in there.items() if secret in names(found)}
    for key in KEYS:
        naming.put(key, None)
    assert not naming._gateways
    assert not naming._names


def test_a_gateway_that_names_a_secret_twice_counts_once() -> None:
    naming = Naming()
    naming.put(("shop", "g"), gateway("g", *[{"mode": "SIMPLE", "credentialName": "a"}] * 2))
    assert naming.of("kubernetes://a") == (("shop", "g"),)
    assert naming.of("kubernetes://b") == ()
