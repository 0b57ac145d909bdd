"""The access log that the mesh configuration asks for (Istio, MeshConfig: accessLogFile, accessLogEncoding,
accessLogFormat).

Envoy's standard output is the only place there is, so `/dev/stdout` and `/dev/stderr` mean the same. A path is refused:
an object of the API must not have a file of the machine written.
"""

import json
from collections.abc import Mapping
from typing import Any

from pylae.model.codes import ADDRESS_REFUSED, DOUBTFUL
from pylae.model.workload import AccessLog
from pylae.rules.substitution import unknown_substitution
from pylae.translate.setting import Unusable, shown

ENCODINGS = frozenset({"TEXT", "JSON"})


def access_log(mesh: Mapping[Any, Any], default: AccessLog | None, unusable: list[Unusable]) -> AccessLog | None:
    """The access log of every chain, or None; what is written goes before the default."""
    match mesh.get("accessLogFile"):
        case None:
            return default
        case "":
            return None
        case "/dev/stdout" | "/dev/stderr":
            return _formatted(mesh, unusable)
        case path:
            message = f"The access log is not written to '{shown(path)}': the gateway writes no files of the machine."
            unusable.append(Unusable(ADDRESS_REFUSED, ".accessLogFile", message, "Use /dev/stdout."))
            return None


def _formatted(mesh: Mapping[Any, Any], unusable: list[Unusable]) -> AccessLog:
    """A format that Envoy would refuse is not used, since with it Envoy would refuse every listener."""
    encoding, written = _text(mesh, "accessLogEncoding").upper() or "TEXT", _text(mesh, "accessLogFormat")
    if encoding not in ENCODINGS:
        message = f"'{shown(encoding)}' is no encoding of access logs; TEXT is used."
        unusable.append(Unusable(DOUBTFUL, ".accessLogEncoding", message))
        encoding = "TEXT"
    if problem := _format_problem(encoding, written):
        message = f"{problem}; Istio's default format is used."
        unusable.append(Unusable(DOUBTFUL, ".accessLogFormat", message))
        written = ""
    return AccessLog(encoding, written)


def _text(mesh: Mapping[Any, Any], name: str) -> str:
    value = mesh.get(name) or ""
    return value if isinstance(value, str) else shown(value)


def _format_problem(encoding: str, written: str) -> str:
    if encoding == "JSON" and written:
        try:
            fields = json.loads(written)
        except ValueError:
            return "The format is no JSON"
        if not isinstance(fields, dict):
            return "The format is no JSON object"
        return _unknown_variable(_texts(fields))
    return _unknown_variable([written])


def _unknown_variable(texts: list[str]) -> str:
    unknown = next((rest for text in texts if (rest := unknown_substitution(text))), "")
    return f"{unknown[:40]!r} is no variable that Envoy knows" if unknown else ""


def _texts(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for item in value.values() for text in _texts(item)]
        case list():
            return [text for item in value for text in _texts(item)]
        case _:
            return []
