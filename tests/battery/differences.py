"""Where the embedded API and a real kube-apiserver answer differently on purpose: the whole list, each with its reason.

A test asks `engine`'s column by the difference's name, so that both answers stand here and nowhere else.
`docs/compatibility.md` tells users the same.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """What each of the two answers, and why they differ."""

    embedded: Any
    kubernetes: Any
    reason: str


NO_CONTROLLERS = (
    "Owners' dependents are a controller's business, and the embedded server has none: it deletes what it is told."
)

DIFFERENCES: dict[str, Difference] = {
    "kind-may-be-left-out": Difference(
        embedded=201,
        kubernetes=400,
        reason="The path says the kind. A real server wants it in the body of custom kinds, not of built-in ones.",
    ),
    "wrong-type-of-a-built-in-kind": Difference(
        embedded=(422, "Invalid"),
        kubernetes=(400, "BadRequest"),
        reason="A real server cannot decode it into its Go type. The embedded one names every place of the schema.",
    ),
    "a-version-on-what-is-created": Difference(
        embedded=400,
        kubernetes=500,
        reason="The mistake is the client's; the message is the same.",
    ),
    "json-patch-replaces-what-is-not-there": Difference(
        embedded=422,
        kubernetes=200,
        reason="RFC 6902 (4.3) demands that the target exists.",
    ),
    "items-of-built-in-kinds-say-their-kind": Difference(
        embedded=True,
        kubernetes=False,
        reason="Items are sent as they are stored. A real server says the kind in items of custom kinds only.",
    ),
    "a-namespace-has-a-finalizer-in-its-spec": Difference(
        embedded=None,
        kubernetes={"finalizers": ["kubernetes"]},
        reason="It holds a Namespace until a controller has emptied it; the embedded server empties it by itself.",
    ),
    "a-strict-patch-to-an-unknown-field": Difference(
        embedded=400,
        kubernetes=422,
        reason="The same answer as to a PUT or a POST with that field; the message is the same.",
    ),
    "where-the-schema-of-a-single-version-is": Difference(
        embedded="spec.versions[0].schema.openAPIV3Schema",
        kubernetes="spec.validation.openAPIV3Schema",
        reason="A real server speaks of the field that v1beta1 had; the embedded one of where it was written.",
    ),
    "tokens-are-reviewed": Difference(
        embedded=404,
        kubernetes=201,
        reason="The embedded server issues no tokens of ServiceAccounts, so it reviews none: nothing runs in its Pods.",
    ),
    "finalizers-of-what-is-deleted-with-orphan": Difference(embedded=[], kubernetes=["orphan"], reason=NO_CONTROLLERS),
    "finalizers-of-what-is-deleted-with-foreground": Difference(
        embedded=[], kubernetes=["foregroundDeletion"], reason=NO_CONTROLLERS
    ),
    "a-watch-from-before-a-restart": Difference(
        embedded="ADDED",
        kubernetes="ERROR",
        reason="The embedded server remembers over a restart; a real one begins anew, and says 410.",
    ),
    "a-watch-from-the-future": Difference(
        embedded=["ERROR"],
        kubernetes=[],
        reason="It was seen on a store that was put back: silence until it is reached would hide every change.",
    ),
    "an-apply-of-an-unknown-field": Difference(
        embedded=400,
        kubernetes=500,
        reason="The mistake is the client's; the message names the field.",
    ),
    "nobody-in-particular": Difference(
        embedded=(401, "Unauthorized"),
        kubernetes=(403, "Forbidden"),
        reason="The embedded server knows no anonymous user, so there is nobody whose rights could be looked up.",
    ),
    "a-deleted-namespace-afterwards": Difference(
        embedded=404,
        kubernetes=200,
        reason="A controller does it on a cluster. The API server alone, as it is tested here, leaves it Terminating.",
    ),
}


def answer(engine: str, name: str) -> Any:
    """What an engine (`embedded`, `kubernetes`) is expected to answer where they differ."""
    return getattr(DIFFERENCES[name], engine)
