"""`kubectl logs`: the log of a pod as plain text, whole or followed. Where the text comes from is handed in."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Final

from aiohttp import web

from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import bad_request, not_found
from pylae.apiserver.backend import Backend, Call, LogQuery
from pylae.apiserver.query import read_flag, read_number

TEXT: Final = "text/plain; charset=utf-8"


async def log(backend: Backend, call: Call) -> web.StreamResponse:
    """GET of a pod's `log`: streams it. Raises 404 without the pod, 400 for another container or where no log is
    kept."""
    pod = backend.cache.get(call.key)
    if pod is None:
        raise not_found(call.resource, call.name)
    query = read_log_query(call, call.request.query)
    query = replace(query, container=_container(pod.object, query))
    if backend.logs is None:
        raise bad_request(f"no log is kept for pod {call.name}")
    with backend.places.take():
        return await _stream(call.request, backend.logs(query))


def read_log_query(call: Call, parameters: Mapping[str, str]) -> LogQuery:
    """Raises 400 for a parameter that cannot be read."""

    def number(name: str) -> int | None:
        return read_number(name, parameters[name]) if parameters.get(name) else None

    return LogQuery(
        namespace=call.namespace,
        pod=call.name,
        container=parameters.get("container", ""),
        follow=read_flag(parameters, "follow"),
        previous=read_flag(parameters, "previous"),
        timestamps=read_flag(parameters, "timestamps"),
        tail_lines=number("tailLines"),
        since_seconds=number("sinceSeconds"),
    )


def _container(pod: Json, query: LogQuery) -> str:
    """The container asked for, or the only one there is."""
    names = [str(container["name"]) for container in pod.get("spec", {}).get("containers", [])]
    if query.container in names:
        return query.container
    if query.container:
        raise bad_request(f"container {query.container} is not valid for pod {query.pod}")
    if len(names) > 1:
        raise bad_request(f"a container name must be specified for pod {query.pod}, choose one of: [{' '.join(names)}]")
    return names[0] if names else ""


async def _stream(request: web.Request, pieces: AsyncIterator[bytes]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": TEXT})
    response.enable_chunked_encoding()
    await response.prepare(request)
    try:
        async for piece in pieces:
            if piece:
                await response.write(piece)
        await response.write_eof()
    except ConnectionError:
        pass  # the reader left
    return response
