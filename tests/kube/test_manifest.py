"""Manifests: what counts as an object, what as an error, and on which line."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylae.kube.manifest import Manifest, ManifestError, load, read

SOURCE = Path("shop/gw.yaml")

GATEWAY = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: front
  namespace: shop
spec:
  servers:
  - port:
      number: 80
      name: http
    hosts: ["a.example", b.example]
  - port: {number: 443, name: https}
"""


def manifest(text: str) -> Manifest:
    return read(text.encode(), SOURCE)


def values(text: str) -> dict[str, Any]:
    """What a mapping of words in a document is read as."""
    found = manifest(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n{text}")
    assert not found.errors
    return {
        key: value for key, value in found.documents[0].object.items() if key not in ("apiVersion", "kind", "metadata")
    }


def errors(text: str) -> list[tuple[int, str]]:
    return [(error.line, error.message) for error in manifest(text).errors]


def test_a_document_is_an_object_with_the_line_of_everything_in_it() -> None:
    (document,) = manifest(GATEWAY).documents
    assert document.object["spec"]["servers"][1] == {"port": {"number": 443, "name": "https"}}
    assert str(document.about) == "Gateway shop/front"
    assert (document.source, document.line) == (SOURCE, 1)
    assert document.line_of("spec.servers[0].port.name") == 10
    assert document.line_of("spec.servers[0].hosts[1]") == 11
    assert document.line_of("spec.servers[1].port.name") == 12


@pytest.mark.parametrize(
    ("path", "line"),
    [("spec.servers[1].tls.mode", 12), ("spec.servers[7]", 7), ("spec.selector", 6), ("status", 1), ("", 1)],
)
def test_a_place_that_was_not_written_has_the_line_of_what_is_around_it(path: str, line: int) -> None:
    (document,) = manifest(GATEWAY).documents
    assert document.line_of(path) == line


def test_documents_are_counted_from_the_beginning_of_the_file() -> None:
    found = manifest(f"# a comment\n---\n{GATEWAY}---\n\n{GATEWAY}")
    assert [document.line for document in found.documents] == [3, 17]
    assert found.documents[1].line_of("metadata.name") == 20


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "---\n---\n# nothing\n", "%YAML 1.1\n---\n"])
def test_an_empty_document_is_no_object_and_no_error(text: str) -> None:
    assert manifest(text) == Manifest()


def test_a_broken_document_does_not_hide_the_others() -> None:
    found = manifest(f"{GATEWAY}---\na: b: c\n---\n{GATEWAY}")
    assert len(found.documents) == 2
    assert [(error.line, error.message) for error in found.errors] == [
        (14, "not YAML: mapping values are not allowed in this context")
    ]


def test_an_error_says_file_line_and_reason() -> None:
    (error,) = manifest("just words\n").errors
    assert str(error) == "shop/gw.yaml:1: this is text; an object has apiVersion, kind and metadata"
    assert isinstance(error, ManifestError)


TAGGED = "a tag (it begins with !) is not part of Kubernetes' YAML: quote the value"
BROKEN = [
    ("text", "just words", 1, "this is text; an object has apiVersion, kind and metadata"),
    ("a list", "- a\n- b", 1, "this is a list; an object has apiVersion, kind and metadata"),
    ("no kind", "apiVersion: v1\n", 1, "no kind: an object has apiVersion, kind and metadata"),
    ("an empty kind", "apiVersion: v1\nkind:\n", 1, "no kind: an object has apiVersion, kind and metadata"),
    (
        "a number as apiVersion",
        "apiVersion: 1\nkind: X",
        1,
        "no apiVersion: an object has apiVersion, kind and metadata",
    ),
    ("no name", "\napiVersion: v1\nkind: Secret\nmetadata: {}", 2, "this Secret has no metadata.name"),
    ("metadata as text", "apiVersion: v1\nkind: Secret\nmetadata: me", 1, "this Secret has no metadata.name"),
    ("a key twice", "kind: A\nmetadata:\n  name: a\n  name: b", 4, '"name" is here twice'),
    ("a tab", "kind:\n\tA", 2, "not YAML: a tab; indentation is made of blanks"),
    ("an alias to nothing", "a: *x", 1, "not YAML: found undefined alias"),
    ("an endless alias", "a: &x\n  b: *x", 1, "nested more than 200 levels deep"),
    ("a tag", "a: !!python/object:os.system x", 1, TAGGED),
    ("a password that looks like a tag", "a:\n  b: !S3cret", 2, TAGGED),
    ("a tag that does not fit", "a: !!int x", 1, '"x" is no int'),
    ("not a number", "\na: .nan", 2, ".nan is no number that JSON knows"),
    ("a list as key", "? [a]\n: b", 1, "a key must be a word"),
    ("broken JSON", '{\n  "kind": "A",\n  "metadata": {"name" "a"}\n}', 3, "not JSON: Expecting ':' delimiter"),
    ("a control character", "a: \0", 1, "not YAML: unacceptable character #x0000: control characters are not allowed"),
    ("JSON without end", '{"a": 1e999}', 1, "not JSON: 1e999 is no number that JSON knows"),
    ("deep YAML", "[" * 100_000, 1, "nested more than 200 levels deep"),
    ("deep JSON", '{"a":' * 100_000, 1, "nested more than 200 levels deep"),
    ("JSON that is deeper than YAML may be", '{"a":' * 300 + "1" + "}" * 300, 1, "nested more than 200 levels deep"),
    ("a key twice in JSON", '{"a": 1, "a": 2}', 1, 'not JSON: "a" is here twice'),
]


@pytest.mark.parametrize(("text", "line", "message"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_what_is_no_object_is_told_with_its_line(text: str, line: int, message: str) -> None:
    assert errors(text) == [(line, message)]


def test_bytes_that_are_no_text_are_told_with_their_line() -> None:
    (error,) = read(b"a: b\nc: \xff\n", SOURCE).errors
    assert (error.line, error.message) == (2, "not UTF-8 text")


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (error,) = load(tmp_path / "missing.yaml").errors
    assert error.message == "cannot be read: No such file or directory"


def test_half_a_character_cannot_be_sent() -> None:
    ((line, message),) = errors('{"apiVersion": "v1", "kind": "A", "metadata": {"name": "\\ud800"}}')
    assert line == 1
    assert message.startswith("this cannot be written as JSON: ")


@given(st.text(alphabet="ab:-{}[],'\"&*!|>%@` \t\n#?~0.\\", max_size=60))
def test_whatever_is_in_a_file_nothing_is_raised(text: str) -> None:
    manifest(text)


@given(st.binary(max_size=60))
def test_whatever_bytes_are_in_a_file_nothing_is_raised(content: bytes) -> None:
    read(content, SOURCE)


def test_a_billion_laughs_end_early() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    ((_, message),) = errors("\n".join(lines))
    assert message == "more than 500000 values in one document"


WORDS = [
    ("a: 12:30", "12:30"),
    ("a: 2020-01-01", "2020-01-01"),
    ("a: 2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
    ("a: 1_000", 1000),
    ("a: 0x1F", 31),
    ("a: 017", 15),
    ("a: 0o17", 15),
    ("a: -0b11", -3),
    ("a: 08", 8),
    ("a: 1e3", 1000),
    ("a: 1.50", 1.5),
    ("a: '1'", "1"),
    ("a: !!str 1", "1"),
    ("a: yes", True),
    ("a: Off", False),
    ("a: y", "y"),
    ("a: ~", None),
    ("a:", None),
    ("a: ''", ""),
    ("a: |\n  1\n  2\n", "1\n2\n"),
    ("a: 10.0.0.1", "10.0.0.1"),
    ("a: 5s", "5s"),
]


@pytest.mark.parametrize(("text", "value"), WORDS)
def test_words_are_read_as_kubernetes_reads_them(text: str, value: object) -> None:
    assert values(text) == {"a": value}
    assert type(values(text)["a"]) is type(value)


def test_aliases_and_merges_are_what_they_stand_for() -> None:
    text = "base: &base {a: 1, b: 2}\nmerged: {<<: *base, b: 3}\nboth: {<<: [*base, {a: 9, c: 9}]}\nsame: *base\n"
    found = values(text)
    assert found["merged"] == {"a": 1, "b": 3}
    assert found["both"] == {"a": 1, "b": 2, "c": 9}
    assert found["same"] == {"a": 1, "b": 2}


def test_a_list_is_its_items_each_with_its_lines() -> None:
    text = """\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: a}
- nonsense
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: b
"""
    found = manifest(text)
    assert [(document.about.name, document.line) for document in found.documents] == [("a", 4), ("b", 8)]
    assert found.documents[1].line_of("metadata.name") == 11
    assert [(error.line, error.message[:12]) for error in found.errors] == [(7, "this is text")]


def test_json_is_read_with_its_own_escapes_and_its_lines() -> None:
    head = '"apiVersion": "v1",\n\t"kind": "ConfigMap",\n\t"metadata": {\n\t\t"name": "a"}'
    (document,) = manifest(f"{{\n\t{head}}}").documents
    assert document.line_of("metadata.name") == 5
    (document,) = manifest('{%s, "data": {"x": "\\/\\ud83d\\ude00 a: b"}}' % head).documents  # noqa: UP031 - braces
    assert document.object["data"] == {"x": "/😀 a: b"}


def test_several_json_objects_may_follow_each_other() -> None:
    one = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}'
    other = one.replace('"a"', '"b"')
    found = manifest(f"{one}\n{other}")
    assert [(document.about.name, document.line) for document in found.documents] == [("a", 1), ("b", 2)]


def test_yaml_in_braces_is_still_yaml() -> None:
    (document,) = manifest("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}").documents
    assert document.about.name == "a"


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    found = read(b"\xef\xbb\xbf" + GATEWAY.replace("\n", "\r\n").encode(), SOURCE)
    assert found.documents[0].line_of("spec.servers[0].port.name") == 10


def test_a_secret_does_not_print() -> None:
    (document,) = manifest("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {k: s3cr3t}\n").documents
    assert "s3cr3t" not in repr(document)
