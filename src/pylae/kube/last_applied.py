"""The annotation by which `apply` knows next time what it applied last time, spelled as kubectl spells it.

Go's encoding decides the spelling: keys in order, no blanks, a few characters escaped. Where both programs write the
same text, either finds nothing to do after the other.
"""

import json
from typing import Any

Json = dict[str, Any]

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

GO_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def remembering(document: Json) -> Json:
    """The object with itself in the annotation. Never to be used for a Secret."""
    plain = forgetting(document)
    annotations = plain["metadata"].get("annotations") or {}
    if not isinstance(annotations, dict):
        return document  # the server says what is wrong with it
    text = _spelled({**plain, "metadata": {**plain["metadata"], "annotations": annotations}})
    return {**plain, "metadata": {**plain["metadata"], "annotations": {**annotations, LAST_APPLIED: text}}}


def forgetting(document: Json) -> Json:
    """The object without the annotation, which a file saved from `kubectl get` may hold."""
    given = document["metadata"].get("annotations")
    if not isinstance(given, dict) or LAST_APPLIED not in given:
        return document
    annotations = {key: text for key, text in given.items() if key != LAST_APPLIED}
    return {**document, "metadata": {**document["metadata"], "annotations": annotations}}


def recall(current: Json) -> Json:
    """What was applied last time; {} if nobody applied the object so far, or if the annotation is no object."""
    try:
        found = json.loads((current["metadata"].get("annotations") or {}).get(LAST_APPLIED, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _spelled(document: Json) -> str:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).translate(GO_ESCAPES) + "\n"
