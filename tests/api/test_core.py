"""Secrets: nothing that prints one shows what is in it."""

import json

import pytest

from pylae.api.core import LAST_APPLIED, Secret
from pylae.api.decode import Malformed, decode, encode
from pylae.api.meta import ObjectMeta
from pylae.api.scalars import SecretBytes
from pylae.api.scheme import SECRET

PAYLOAD = {
    "metadata": {"name": "cert", "annotations": {LAST_APPLIED: '{"data":{"tls.key":"aHVzaA=="}}', "owner": "me"}},
    "data": {"tls.key": "aHVzaA=="},
    "stringData": {"password": "hush"},
}


def test_a_secret_shows_nothing_of_its_payload() -> None:
    secret = decode(SECRET, json.dumps(PAYLOAD).encode())
    for word in ("hush", "aHVzaA"):
        assert word not in repr(secret)
        assert word not in str(secret)
    assert "‹redacted 4 B›" in repr(secret)


def test_a_secret_leaves_out_the_annotation_that_repeats_it() -> None:
    secret = decode(SECRET, json.dumps(PAYLOAD).encode())
    assert secret.metadata.annotations == {"owner": "me"}
    made = Secret(metadata=ObjectMeta(annotations={LAST_APPLIED: "{}"}), data={"a": SecretBytes(b"b")})
    assert made.metadata.annotations == {}


def test_a_secret_is_written_in_full() -> None:
    written = json.loads(encode(decode(SECRET, json.dumps(PAYLOAD).encode())))
    assert (written["data"], written["stringData"]) == (PAYLOAD["data"], PAYLOAD["stringData"])


def test_plain_text_where_base64_belongs_is_refused_with_the_cure_and_without_the_text() -> None:
    with pytest.raises(Malformed) as refusal:
        decode(SECRET, b'{"data":{"password":"hush!"}}')
    assert refusal.value.path == "data[...]"
    assert "`stringData`" in str(refusal.value)
    assert "hush" not in str(refusal.value)
