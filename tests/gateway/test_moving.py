"""From one server to another: `pylae export | kubectl apply`, and `pylae import`."""

import pytest
from world import GOOD, World, a_world

pytestmark = pytest.mark.real


def test_an_export_serves_where_it_is_applied(shop: World) -> None:
    exported = shop.pylae("export", "--with-keys")
    assert (exported.code, exported.err) == (0, "")
    with a_world() as other:
        applied = other.apply(exported.out)
        assert applied.code == 0, applied.err
        other.until(lambda: other.curl(f"https://{GOOD}/", "-k").body == "hello from good")
        assert other.pylae("export", "--with-keys").out == exported.out


def test_an_export_without_keys_says_which_secrets_it_lacks(shop: World) -> None:
    exported = shop.pylae("export")
    assert exported.out.startswith("# Secret istio-system/good is left out: it holds keys.")
    assert "Warning: Secret istio-system/good is left out" in exported.err
    assert "tls.key" not in exported.out


def test_a_clusters_ingress_is_taken_and_serves_here(shop: World) -> None:
    with a_world() as here:
        taken = here.pylae("import", "--kubeconfig", str(shop.data / "kubeconfig"), "--with-keys")
        assert taken.code == 0, taken.out + taken.err
        rows = [line.split() for line in taken.out.splitlines()]
        assert ["Gateway", "default", "good", "created"] in rows
        assert ["Secret", "istio-system", "good", "created"] in rows
        here.until(lambda: here.curl(f"https://{GOOD}/", "-k").body == "hello from good")
        again = here.pylae("import", "--kubeconfig", str(shop.data / "kubeconfig"), "--with-keys")
        assert "created" not in again.out


def test_an_import_leaves_keys_there_and_says_so(shop: World) -> None:
    with a_world() as here:
        taken = here.pylae("import", "--kubeconfig", str(shop.data / "kubeconfig"))
        assert "left: it holds keys: import --with-keys" in taken.out
        assert here.kubectl("get", "secret", "good", "-n", "istio-system").code != 0


def test_an_instance_is_not_imported_into_itself(shop: World) -> None:
    refused = shop.pylae("import")
    assert refused.code == 1
    assert "That is this instance itself" in refused.err
