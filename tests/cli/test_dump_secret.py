from datetime import UTC, datetime
from typing import Any

from pylae.cli.dump import secret
from pylae.cli.dump.camel import camel

Json = dict[str, Any]


def test_a_certificate_is_not_valid_outside_of_its_time(dump: Json) -> None:
    rows = secret.table(dump, datetime(2042, 1, 1, tzinfo=UTC)).rows
    assert [row[3] for row in rows] == ["false", "false", "false"]


def test_in_json_the_serial_number_has_both_spellings(dump: Json) -> None:
    facts = camel(secret.chosen(dump))["dynamicActiveSecrets"][0]["certificate"]
    assert facts["serialNumber"] == {"decimal": "1049106", "hexadecimal": "00000000000000000000000000100212"}
    assert facts["subject"] == "CN=webapp.istioinaction.io,O=Dis,L=Springfield,ST=Denial,C=US"


def test_json_keeps_istioctls_shape_and_holds_no_key(dump: Json) -> None:
    told = secret.chosen(dump)
    assert told["@type"] == "type.googleapis.com/envoy.admin.v3.SecretsConfigDump"
    assert [entry["name"] for entry in told["dynamic_warming_secrets"]] == ["kubernetes://missing"]
    assert "PRIVATE KEY" not in str(told)


def test_a_certificate_that_cannot_be_read_leaves_its_cells_empty() -> None:
    broken = {"name": "kubernetes://x", "secret": {"tls_certificate": {"certificate_chain": {"inline_string": "no"}}}}
    part = {"@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump", "dynamic_active_secrets": [broken]}
    (row,) = secret.table({"configs": [part]}, datetime(2026, 1, 1, tzinfo=UTC)).rows
    assert row == ("kubernetes://x", "Cert Chain", "ACTIVE", "false", "", "", "")
