import pytest

from pylae.apimachinery.custom.json_path import json_path

OBJECT = {
    "spec": {"hosts": ["a", "b", "c"], "ports": [{"name": "http", "number": 80}, {"name": "https", "number": 443}]},
    "metadata": {"labels": {"example.com/app": "shop"}},
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Stale", "status": "False"}]},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.hosts", [["a", "b", "c"]]),
        (".spec.hosts[1]", ["b"]),
        (".spec.hosts[-1]", ["c"]),
        (".spec.hosts[7]", []),
        (".spec.hosts[0:2]", ["a", "b"]),
        (".spec.hosts[*]", ["a", "b", "c"]),
        (".spec.ports[*].name", ["http", "https"]),
        (".spec.nothing.at.all", []),
        (r".metadata.labels.example\.com/app", ["shop"]),
        (".metadata.labels['example.com/app']", ["shop"]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?(@.type == 'Stale')].status", ["False"]),
        (".spec.ports[?(@.number>100)].name", ["https"]),
        (".spec.ports[?(@.tls)].name", []),
        (".spec.hosts[?(@.type==1)]", []),
    ],
)
def test_a_path_finds_what_is_there_and_nothing_where_nothing_is(path, found):
    assert json_path(path)(OBJECT) == found


@pytest.mark.parametrize("path", ["spec", ".spec..hosts", ".spec[", ".a[?(@.b==c)]", "{.spec}"])
def test_what_is_no_path_is_refused_when_it_is_read(path):
    with pytest.raises(ValueError, match=r"path|compare"):
        json_path(path)


@pytest.mark.parametrize(
    "path",
    ["[?(@.a==" + " " * 4000 + "x", "[?(@" + " " * 4000, "[" + " " * 4000 + "x", "[?(@" * 1000, ".a" * 3000],
    ids=["a value", "a filter", "an index", "filters in filters", "a long one"],
)
def test_no_path_takes_long_to_refuse(path):
    with pytest.raises(ValueError, match="path"):
        json_path(path)
