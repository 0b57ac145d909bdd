"""What names, labels and annotations may look like (RFC 1123, and Kubernetes' qualified names).

Each rule gives the words that say what is wrong with a text, or "" if nothing is. Lengths are looked at first: the
expressions may go back over what they have read.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from pylae.apimachinery.failure import Cause, invalid_value, missing, too_long

Rule: TypeAlias = Callable[[str], str]

ANNOTATIONS_LIMIT: Final = 256 * 1024
"""Bytes that the annotations of an object may have, keys and values together."""

OWNERS_FIELDS: Final = ("apiVersion", "kind", "name", "uid")

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LABEL_1035: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*")
_QUALIFIED: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_CONFIG_KEY: Final = re.compile(r"[-._a-zA-Z0-9]+")

ALPHANUMERIC_ENDS: Final = "beginning and ending with a letter or a digit"


def dns_label(text: str) -> str:
    """A name that is one label of a DNS name: namespaces, Services, ports."""
    if len(text) <= 63 and _LABEL.fullmatch(text):
        return ""
    return f"must be a DNS label: at most 63 lower-case letters, digits and '-', {ALPHANUMERIC_ENDS}"


def dns_1035_label(text: str) -> str:
    """A DNS label that begins with a letter: what versions and the names of kinds are."""
    if len(text) <= 63 and _LABEL_1035.fullmatch(text):
        return ""
    return (
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
        "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation "
        "is '[a-z]([-a-z0-9]*[a-z0-9])?')"
    )


def dns_subdomain(text: str) -> str:
    """A name that is a DNS name: what most kinds take."""
    if len(text) <= 253 and _SUBDOMAIN.fullmatch(text):
        return ""
    return f"must be a DNS name: at most 253 lower-case letters, digits, '-' and '.', {ALPHANUMERIC_ENDS}"


def path_segment(text: str) -> str:
    """A name that may be anything which stands in a URL's path: the kinds of RBAC."""
    return "may not be '.' or '..', nor contain '/' or '%'" if text in (".", "..") or set(text) & set("/%") else ""


def qualified_name(text: str) -> str:
    """The key of a label or an annotation: `app`, or `example.com/app`."""
    prefix, slash, name = text.rpartition("/")
    if slash and dns_subdomain(prefix):
        return "the part before '/' " + dns_subdomain(prefix)
    if len(name) <= 63 and _QUALIFIED.fullmatch(name):
        return ""
    return f"the name must be at most 63 letters, digits, '-', '_' and '.', {ALPHANUMERIC_ENDS}"


def label_value(text: str) -> str:
    if not text or (len(text) <= 63 and _QUALIFIED.fullmatch(text)):
        return ""
    return f"a label's value must be empty or at most 63 letters, digits, '-', '_' and '.', {ALPHANUMERIC_ENDS}"


def config_key(text: str) -> str:
    """A key in the data of a Secret or a ConfigMap, which may become a file's name."""
    if len(text) <= 253 and _CONFIG_KEY.fullmatch(text) and text not in (".", ".."):
        return ""
    return "must be at most 253 letters, digits, '-', '_' and '.', and not '.' or '..'"


_NAME_RULES: Final[Mapping[str, Rule]] = {
    "namespaces": dns_label,
    "services": dns_label,
    "roles.rbac.authorization.k8s.io": path_segment,
    "rolebindings.rbac.authorization.k8s.io": path_segment,
    "clusterroles.rbac.authorization.k8s.io": path_segment,
    "clusterrolebindings.rbac.authorization.k8s.io": path_segment,
}


def check_metadata(resource_name: str, metadata: Mapping[str, Any]) -> Iterator[Cause]:
    """What is wrong with an object's name, labels, annotations and finalizers. The types are right already."""
    name = metadata.get("name", "")
    rule = _NAME_RULES.get(resource_name, dns_subdomain)
    if not name:
        yield missing("metadata.name", "name or generateName is required")
    elif problem := rule(name):
        yield invalid_value("metadata.name", name, problem)
    yield from _check_labels(metadata.get("labels", {}))
    yield from _check_annotations(metadata.get("annotations", {}))
    for index, finalizer in enumerate(metadata.get("finalizers", ())):
        if problem := qualified_name(finalizer):
            yield invalid_value(f"metadata.finalizers[{index}]", finalizer, problem)
    for index, owner in enumerate(metadata.get("ownerReferences", ())):
        for field in OWNERS_FIELDS:
            if not owner.get(field):
                yield invalid_value(f"metadata.ownerReferences[{index}].{field}", "", "must not be empty")


def _check_labels(labels: Mapping[str, str]) -> Iterator[Cause]:
    for key, value in labels.items():
        if problem := qualified_name(key):
            yield invalid_value("metadata.labels", key, problem)
        if problem := label_value(value):
            yield invalid_value("metadata.labels", value, problem)


def _check_annotations(annotations: Mapping[str, str]) -> Iterator[Cause]:
    for key in annotations:
        if problem := qualified_name(key.lower()):
            yield invalid_value("metadata.annotations", key, problem)
    if sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > ANNOTATIONS_LIMIT:
        yield too_long("metadata.annotations", f"may not be more than {ANNOTATIONS_LIMIT} bytes")
