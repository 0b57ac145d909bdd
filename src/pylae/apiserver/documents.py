"""The documents by which clients learn what this server has: version, health, discovery, OpenAPI.

They never change while the server runs, so each has an ETag, and the big ones (OpenAPI) an address that contains their
hash and may be kept for ever: kubectl then downloads them once.
"""

import hashlib
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec
from aiohttp import web

from pylae import __version__
from pylae.apimachinery import discovery, openapi, openapi_v2
from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import method_not_allowed, no_such_path
from pylae.apimachinery.resource import Registry
from pylae.apiserver.answer import answer
from pylae.apiserver.negotiation import clauses

MAJOR: Final = "1"
MINOR: Final = "37"
"""The Kubernetes whose API this is, as far as it goes: the one that `tests/battery` compares it with."""

FOR_EVER: Final = {"Cache-Control": "public, immutable, max-age=31536000"}
HEALTH: Final = ("livez", "readyz", "healthz")

Page: TypeAlias = Callable[[web.Request, Registry, Sequence[str]], "Content"]


class Content(msgspec.Struct, frozen=True):
    """What a page says."""

    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = {}


async def document(request: web.Request, registry: Registry, segments: Sequence[str]) -> web.StreamResponse:
    """The page of a path. Raises 404 for what is none."""
    page = _PAGES.get(segments[0]) if segments else _root
    if page is None:
        raise no_such_path()
    if request.method != "GET":
        raise method_not_allowed()
    content = page(request, registry, segments)
    tag = f'"{hashlib.sha256(content.body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Vary": "Accept", **content.headers}
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=headers)
    return await answer(request, content.body, content_type=content.content_type, headers=headers)


def _json(document: Json) -> Content:
    return Content(msgspec.json.encode(document))


def _root(_request: web.Request, registry: Registry, _segments: Sequence[str]) -> Content:
    groups = [f"/apis/{group}" for group in registry.groups() if group]
    health = [f"/{name}" for name in HEALTH]
    return _json({"paths": ["/api", "/api/v1", "/apis", *groups, *health, "/openapi/v2", "/openapi/v3", "/version"]})


def _version(_request: web.Request, _registry: Registry, segments: Sequence[str]) -> Content:
    _only(segments, 1)
    return _json(
        {
            "major": MAJOR,
            "minor": MINOR,
            "gitVersion": f"v{MAJOR}.{MINOR}.0+pylae.{__version__}",
            "gitCommit": "",
            "gitTreeState": "",
            "buildDate": "",
            "goVersion": "",
            "compiler": f"python{sys.version_info.major}.{sys.version_info.minor}",
            "platform": f"{platform.system().lower()}/{platform.machine()}",
        }
    )


def _health(request: web.Request, _registry: Registry, segments: Sequence[str]) -> Content:
    """One check, `ping`: who answers at all is well. `?verbose` says so at length."""
    if tuple(segments[1:]) not in ((), ("ping",)):
        raise no_such_path()
    said = f"[+]ping ok\n{segments[0]} check passed\n" if "verbose" in request.query and len(segments) == 1 else "ok"
    return Content(said.encode(), "text/plain; charset=utf-8")


def _api(request: web.Request, registry: Registry, segments: Sequence[str]) -> Content:
    """`/api`, and `/api/v1`: the core group."""
    match segments:
        case ("api",):
            return _aggregated(request, registry, core=True) or _json(discovery.core_versions(request.host))
        case ("api", version):
            return _resources(registry, "", version)
        case _:
            raise no_such_path()


def _apis(request: web.Request, registry: Registry, segments: Sequence[str]) -> Content:
    """`/apis`, `/apis/<group>` and `/apis/<group>/<version>`."""
    match segments:
        case ("apis",):
            return _aggregated(request, registry, core=False) or _json(discovery.group_list(registry))
        case ("apis", group) if group in registry.groups():
            return _json(discovery.group(registry, group))
        case ("apis", group, version):
            return _resources(registry, group, version)
        case _:
            raise no_such_path()


def _resources(registry: Registry, group: str, version: str) -> Content:
    if version not in registry.versions(group):
        raise no_such_path()
    return _json(discovery.resource_list(registry, group, version))


def _aggregated(request: web.Request, registry: Registry, *, core: bool) -> Content | None:
    """All of discovery in one document, if the client knows that form. Before kubectl 1.30 its version was called
    v2beta1."""
    for clause in clauses(request.headers.get("Accept", "")):
        version = clause.parameters.get("v", "")
        if clause.parameters.get("as") == "APIGroupDiscoveryList" and version in ("v2", "v2beta1"):
            document = {**discovery.aggregated(registry, core=core), "apiVersion": f"apidiscovery.k8s.io/{version}"}
            return Content(msgspec.json.encode(document), discovery.AGGREGATED_TYPE.replace("v=v2", f"v={version}"))
    return None


def _openapi(request: web.Request, registry: Registry, segments: Sequence[str]) -> Content:
    """`/openapi/v2`, `/openapi/v3` and `/openapi/v3/<group and version>`."""
    match segments:
        case ("openapi", "v2"):
            return _swagger(request, registry)
        case ("openapi", "v3"):
            return _json(openapi.index(registry))
        case ("openapi", "v3", "api", version):
            return _openapi_v3(request, registry, ("", version))
        case ("openapi", "v3", "apis", group, version):
            return _openapi_v3(request, registry, (group, version))
        case _:
            raise no_such_path()


def _openapi_v3(request: web.Request, registry: Registry, group_version: tuple[str, str]) -> Content:
    group, version = group_version
    if version not in registry.versions(group):
        raise no_such_path()
    is_current = request.query.get("hash") == openapi.document_hash(registry, group, version)
    return Content(openapi.document(registry, group, version), headers=FOR_EVER if is_current else {})


def _swagger(request: web.Request, registry: Registry) -> Content:
    """OpenAPI v2: protobuf for those who ask for it (kubectl before 1.29 must have it), JSON for all others."""
    if "application/com.github.proto-openapi.spec.v2" in request.headers.get("Accept", ""):
        return Content(openapi_v2.protobuf(registry), openapi_v2.PROTOBUF_TYPE)
    return _json(openapi_v2.swagger(registry))


def _only(segments: Sequence[str], count: int) -> None:
    if len(segments) > count:
        raise no_such_path()


_PAGES: Final[Mapping[str, Page]] = {
    "version": _version,
    **dict.fromkeys(HEALTH, _health),
    "api": _api,
    "apis": _apis,
    "openapi": _openapi,
}
