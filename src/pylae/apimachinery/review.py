"""Reviews: questions that kubectl puts by "creating" an object, and that are answered, not stored.

`kubectl auth can-i` asks one thing, `can-i --list` for all of them, `whoami` who the server takes the client for.
There are two kinds of user: one may do everything that is served, the other may read it, Secrets not included.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pylae.apimachinery.columns.column import dig, items
from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import invalid, invalid_value, no_such_path
from pylae.apimachinery.resource import Registry, Resource

AUTHORIZATION: Final = "authorization.k8s.io"
AUTHENTICATION: Final = "authentication.k8s.io"

ADMINISTRATORS: Final = "system:masters"
READ_VERBS: Final = ("get", "list", "watch")
SECRETS: Final = ("", "secrets")


@dataclass(frozen=True, slots=True)
class User:
    """Who makes a request."""

    name: str
    groups: tuple[str, ...] = ()
    read_only: bool = False
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """A kind of question."""

    group: str
    kind: str
    plural: str
    description: str


REVIEWS: Final = (
    Review(AUTHORIZATION, "SelfSubjectAccessReview", "selfsubjectaccessreviews", "Asks whether one may do something."),
    Review(AUTHORIZATION, "SelfSubjectRulesReview", "selfsubjectrulesreviews", "Asks for all that one may do."),
    Review(AUTHORIZATION, "SubjectAccessReview", "subjectaccessreviews", "Asks whether somebody may do something."),
    Review(AUTHENTICATION, "SelfSubjectReview", "selfsubjectreviews", "Asks who one is."),
)


def may(user: User, verb: str, group: str, plural: str) -> bool:
    """May the user do this to the objects of a resource? `*` asks for every verb, group or resource."""
    if not user.read_only:
        return True
    asked_for_secrets = group in (SECRETS[0], "*") and plural in (SECRETS[1], "*")
    return verb in READ_VERBS and not asked_for_secrets


def review(resource: Resource, obj: Json, *, user: User, registry: Registry) -> Json:
    """The review with its answer in `status`. Raises 422 for one that asks nothing, 404 for what is no review."""
    answer = _ANSWERS.get(resource.plural)
    if answer is None:
        raise no_such_path()
    document = {**obj, "apiVersion": resource.group_version(), "kind": resource.kind, "metadata": {}}
    return {**document, "status": answer(obj, _Asked(resource, user, registry))}


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which review it is, who asks, and what there is."""

    resource: Resource
    user: User
    registry: Registry


def _access(obj: Json, asked: _Asked) -> Json:
    about = dig(obj, "spec", "resourceAttributes")
    path = dig(obj, "spec", "nonResourceAttributes")
    if (about is None) == (path is None):
        detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise invalid(asked.resource, "", [invalid_value("spec.resourceAttributes", about, detail)])
    user = asked.user
    if path is not None:
        allowed = not user.read_only or dig(path, "verb") in READ_VERBS
    else:
        allowed = may(user, dig(about, "verb") or "", dig(about, "group") or "", dig(about, "resource") or "")
    return {"allowed": allowed, "reason": _why(user)}


def _access_of_another(obj: Json, asked: _Asked) -> Json:
    """Nobody but the users of this server may do anything, and who is in the administrators' group."""
    name, groups = dig(obj, "spec", "user"), items(obj, "spec", "groups")
    if name == asked.user.name or ADMINISTRATORS in groups:
        return _access(obj, asked)
    return {"allowed": False, "reason": f"nobody here is called {name}"}


def _rules(_obj: Json, asked: _Asked) -> Json:
    if not asked.user.read_only:
        everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
        anywhere = {"verbs": ["*"], "nonResourceURLs": ["*"]}
        return {"resourceRules": [everything], "nonResourceRules": [anywhere], "incomplete": False}
    readable = [
        {"verbs": list(READ_VERBS), "apiGroups": [resource.group], "resources": [resource.plural]}
        for resource in asked.registry
        if not resource.virtual and may(asked.user, "get", resource.group, resource.plural)
    ]
    anywhere = {"verbs": ["get"], "nonResourceURLs": ["*"]}
    return {"resourceRules": readable, "nonResourceRules": [anywhere], "incomplete": False}


def _self(_obj: Json, asked: _Asked) -> Json:
    user = asked.user
    info = {"username": user.name, "uid": user.uid, "groups": list(user.groups)}
    return {"userInfo": {key: value for key, value in info.items() if value}}


def _why(user: User) -> str:
    return f"{user.name} may read everything but Secrets" if user.read_only else f"{user.name} may do everything"


_ANSWERS: Final[Mapping[str, Callable[[Json, _Asked], Json]]] = {
    "selfsubjectaccessreviews": _access,
    "subjectaccessreviews": _access_of_another,
    "selfsubjectrulesreviews": _rules,
    "selfsubjectreviews": _self,
}
