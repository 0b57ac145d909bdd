"""Envoy's words about what it refused (texts of Envoy 1.40), and whom they blame."""

from pylae.xds.attribution import Unbound, attribute, unbound

LISTENERS = (
    "Error adding/updating listener(s) 0.0.0.0_8443: cannot bind '127.0.0.1:30005': Address already in use\n"
    "::_8080: error adding listener '[::1]:80': partial wildcards are not supported in \"server_names\"\n"
)
CLUSTERS = "Error adding/updating cluster(s) outbound|80||a: LOGICAL_DNS clusters must have one, outbound|80||b: x, y"


def test_listeners_are_named_each_with_its_own_words() -> None:
    assert attribute(LISTENERS, ("::_8080", "0.0.0.0_8443", "good")) == {
        "0.0.0.0_8443": "cannot bind '127.0.0.1:30005': Address already in use",
        "::_8080": "error adding listener '[::1]:80': partial wildcards are not supported in \"server_names\"",
    }


def test_clusters_are_named_each_with_its_own_words() -> None:
    assert attribute(CLUSTERS, ("outbound|80||a", "outbound|80||b")) == {
        "outbound|80||a": "LOGICAL_DNS clusters must have one",
        "outbound|80||b": "x, y",
    }


def test_a_name_that_begins_like_another_is_not_taken_for_it() -> None:
    assert attribute("Error adding/updating cluster(s) ab: bad", ("a", "ab")) == {"ab": "bad"}


def test_only_names_that_were_offered_are_blamed() -> None:
    assert attribute(CLUSTERS, ("outbound|80||b",)) == {"outbound|80||b": "x, y"}


def test_other_words_blame_nobody() -> None:
    assert attribute("invalid perl operator: (?=", ("http.8080",)) == {}
    assert attribute(LISTENERS, ()) == {}


def test_a_socket_that_could_not_be_had_is_told_from_what_time_does_not_cure() -> None:
    assert unbound("cannot bind '127.0.0.1:30005': Address already in use") == Unbound(
        "127.0.0.1:30005", "Address already in use"
    )
    duplicate = unbound("error adding listener: 'dup' has duplicate address '127.0.0.1:80' as existing listener, to …")
    assert duplicate == Unbound("127.0.0.1:80", "another listener of this gateway has it")
    assert unbound('partial wildcards are not supported in "server_names"') is None
