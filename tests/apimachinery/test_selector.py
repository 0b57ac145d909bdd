"""Label and field selectors."""

import pytest

from pylae.apimachinery.failure import Failure
from pylae.apimachinery.selector import exact_name, fields, labels

LABELS = {"app": "web", "tier": "front", "example.com/size": "7", "empty": ""}


@pytest.mark.parametrize(
    ("text", "takes"),
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app = web", True),
        ("app=db", False),
        ("app!=db", True),
        ("app!=web", False),
        ("missing!=x", True),
        ("app", True),
        ("missing", False),
        ("!missing", True),
        ("! app", False),
        ("empty=", True),
        ("app=", False),
        ("app in (web, db)", True),
        ("app in (db)", False),
        ("app notin (db)", True),
        ("app notin (web)", False),
        ("missing notin (a)", True),
        ("missing in (a)", False),
        ("empty in (,a)", True),
        ("example.com/size>6", True),
        ("example.com/size<7", False),
        ("app>1", False),
        ("app=web,tier in (front,back),!old", True),
        ("app=web,tier=back", False),
        (" app=web , tier ", True),
        ("in=x", False),
        ("notin", False),
    ],
)
def test_a_label_selector_takes_or_leaves(text, takes):
    assert labels(text)(LABELS) is takes


@pytest.mark.parametrize(
    "text",
    [
        "app=a b",
        "=web",
        "app in web",
        "app in (web",
        "app>x",
        "a b",
        "app=(x)",
        "-a=b",
        "app=-b",
        "app===web",
        "!",
        "a,,b",
        "app in ((a))",
    ],
)
def test_a_label_selector_that_cannot_be_read_is_a_bad_request(text):
    with pytest.raises(Failure) as refused:
        labels(text)
    assert refused.value.code == 400


EVENT = {
    "metadata": {"name": "a", "namespace": "shop"},
    "type": "Warning",
    "involvedObject": {"kind": "Gateway", "name": "a,b=c", "uid": "u"},
    "source": {"component": "pylae"},
    "spec": {"unschedulable": True},
}


@pytest.mark.parametrize(
    ("text", "takes"),
    [
        ("", True),
        ("metadata.name=a", True),
        ("metadata.name==b", False),
        ("metadata.name!=b", True),
        ("metadata.namespace=shop,type!=Normal", True),
        ("involvedObject.name=a\\,b\\=c,involvedObject.kind=Gateway", True),
        ("involvedObject.namespace=", True),
        ("source=pylae", True),
        ("spec.unschedulable=true", True),
        ("involvedObject.uid=other", False),
    ],
)
def test_a_field_selector_takes_or_leaves(text, takes):
    assert fields(text)(EVENT) is takes


@pytest.mark.parametrize(
    "text", ["spec.secret=x", "data.key=x", "metadata.name", "metadata.name=a b=c", "=x", ",", "metadata.name=a=b"]
)
def test_a_field_selector_that_cannot_be_read_is_a_bad_request(text):
    with pytest.raises(Failure) as refused:
        fields(text)
    assert refused.value.code == 400


@pytest.mark.parametrize(
    ("text", "name"),
    [("", None), ("metadata.name=a", "a"), ("type=x,metadata.name=a", "a"), ("metadata.name!=a", None)],
)
def test_a_selector_for_one_name_is_known(text, name):
    assert exact_name(text) == name
