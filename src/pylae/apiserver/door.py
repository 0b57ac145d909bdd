"""The door: every request comes in here, and every answer goes out, whatever went wrong on the way.

Who asks is settled before what is asked is even looked at. A `Failure` becomes its Status document; a crash becomes a
500 that says nothing of the inside, and a line in the log.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from aiohttp import web

from pylae.apimachinery.failure import (
    Failure,
    bad_request,
    internal_error,
    method_not_allowed,
    no_such_path,
    too_large,
    unsupported_media_type,
)
from pylae.apimachinery.resource import Resource
from pylae.apimachinery.review import User
from pylae.apiserver import deletion, logs, reads, scales, writes
from pylae.apiserver.address import Address, parse_address
from pylae.apiserver.answer import WARNINGS, refuse
from pylae.apiserver.authentication import Credentials, Doorkeeper
from pylae.apiserver.backend import Backend, Call
from pylae.apiserver.database import StorageError
from pylae.apiserver.documents import document
from pylae.apiserver.negotiation import Form, choose_form
from pylae.apiserver.query import read_query
from pylae.apiserver.watch import watch

Verb: TypeAlias = Callable[[Backend, Call], Awaitable[web.StreamResponse]]
logger = logging.getLogger(__name__)

IMPERSONATE: Final = "impersonate-"
"""How the headers begin that ask to be taken for another: `-User`, `-Group`, `-Uid`, `-Extra-...`. To pass one over
would give a request more rights than it asked for."""

_COLLECTION: Final[Mapping[str, Verb]] = {
    "GET": reads.list_objects,
    "POST": writes.create,
    "DELETE": deletion.delete_collection,
}
_OBJECT: Final[Mapping[str, Verb]] = {
    "GET": reads.get,
    "PUT": writes.replace,
    "PATCH": writes.patch,
    "DELETE": deletion.delete,
}
_STATUS: Final[Mapping[str, Verb]] = {"GET": reads.get, "PUT": writes.replace, "PATCH": writes.patch}
_SCALE: Final[Mapping[str, Verb]] = {"GET": scales.get, "PUT": scales.replace, "PATCH": scales.patch}
_LOG: Final[Mapping[str, Verb]] = {"GET": logs.log}
_SUBRESOURCES: Final[Mapping[str, Mapping[str, Verb]]] = {"": _OBJECT, "status": _STATUS, "scale": _SCALE, "log": _LOG}


@dataclass(frozen=True, slots=True)
class Door:
    """Takes requests, finds out who asks and what, and hands them to the verb that answers."""

    backend: Backend
    doorkeeper: Doorkeeper

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The one handler of the web application."""
        try:
            return await self._answer(request)
        except Failure as failure:
            return await refuse(request, failure)
        except web.HTTPRequestEntityTooLarge:
            return await refuse(request, self._too_large())
        except web.RequestPayloadError:
            return await refuse(request, bad_request("the body of the request cannot be read to its end"))
        except StorageError as error:
            logger.error("the API's database refused a read: %s", error)
            return await refuse(request, internal_error(str(error)))
        except Exception:
            logger.exception("%s %s crashed: this is a bug in Pylae", request.method, request.path)
            return await refuse(request, internal_error("the server's log says what went wrong"))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        user = self.doorkeeper.admit(_credentials(request))
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise unsupported_media_type("the body of a request must not be compressed")
        if (request.content_length or 0) > self.backend.limits.body_bytes:
            raise self._too_large()
        segments = _segments(request)
        address = parse_address(segments)
        if address is None or not address.plural:
            return await document(request, self.backend.registry, segments)
        call = self._call(request, user, address)
        return await _verb(call)(self.backend, call)

    def _call(self, request: web.Request, user: User, address: Address) -> Call:
        resource = self.backend.registry.find(address.group, address.version, address.plural)
        if resource is None or not _is_place_of(address, resource):
            raise no_such_path()
        if resource.custom and resource.custom.deprecation:
            request[WARNINGS] = (resource.custom.deprecation,)
        return Call(
            request=request,
            user=user,
            resource=resource,
            version=address.version,
            namespace=address.namespace,
            name=address.name,
            subresource=address.subresource,
            query=read_query(request.query),
            form=Form.OBJECT if address.subresource == "log" else choose_form(request.headers.get("Accept", "")),
        )

    def _too_large(self) -> Failure:
        return too_large(f"Request entity too large: limit is {self.backend.limits.body_bytes} bytes")


def _verb(call: Call) -> Verb:
    """What answers. Raises 405 for a method that this kind of place does not have."""
    if call.name:
        verbs = _SUBRESOURCES[call.subresource]
    elif call.resource.virtual:
        verbs = {"POST": writes.create}
    else:
        verbs = _COLLECTION
    verb = verbs.get(call.request.method)
    across_namespaces = call.resource.namespaced and not call.namespace
    if verb is None or (across_namespaces and verb is not reads.list_objects):
        raise method_not_allowed()
    if call.query.watch and verb is reads.list_objects:
        return watch
    return verb


def _is_place_of(address: Address, resource: Resource) -> bool:
    """Does a path of this form lead anywhere? A namespaced object needs its namespace, any other must have none."""
    if address.subresource and address.subresource not in resource.subresources:
        return False
    if resource.namespaced:
        return bool(address.namespace or not address.name)
    return not address.namespace


def _segments(request: web.Request) -> tuple[str, ...]:
    """The decoded parts of the path, without the slash that some clients put at its end."""
    parts = request.rel_url.parts[1:]
    return parts[:-1] if parts and parts[-1] == "" else parts


def _credentials(request: web.Request) -> Credentials:
    transport = request.transport
    return Credentials(
        host=request.headers.get("Host", ""),
        origin=request.headers.get("Origin"),
        authorization=request.headers.get("Authorization", ""),
        certificate=transport.get_extra_info("peercert") if transport else None,
        impersonated=next((name for name in request.headers if name.lower().startswith(IMPERSONATE)), None),
    )
