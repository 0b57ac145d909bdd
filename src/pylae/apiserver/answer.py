"""Answers on the wire: JSON bytes, `Warning:` headers, compression, and failures as Status documents."""

import asyncio
import gzip
import logging
import zlib
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from datetime import timedelta
from typing import Final

import msgspec
from aiohttp import web

from pylae.apimachinery.document import Json
from pylae.apimachinery.failure import Failure

COMPRESS_ABOVE: Final = 128 * 1024
"""Bytes; below, compression costs more than loopback saves (upstream's threshold)."""
COMPRESSED: Final = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
WARNING_LENGTH: Final = 256
WARNINGS_LENGTH: Final = 4096
"""Characters of one warning and of all together, as upstream: header space is bounded in every client."""

WARNINGS: Final = web.RequestKey("warnings", tuple[str, ...])
"""What the client is to hear whatever comes of its request."""

logger = logging.getLogger(__name__)


async def answer(
    request: web.Request,
    body: bytes | Json,
    *,
    status: int = 200,
    content_type: str = "application/json",
    warnings: Iterable[str] = (),
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """A whole answer. A document is encoded, indented when the request says `pretty`."""
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    if content_type == "application/json" and request.query.get("pretty") in ("1", "true"):
        content = msgspec.json.format(content, indent=2) + b"\n"
    response = web.Response(status=status)
    response.headers["Content-Type"] = content_type
    response.headers.update({"Cache-Control": "no-cache, private", **(headers or {})})
    _warn(response, (*request.get(WARNINGS, ()), *warnings))
    if len(content) > COMPRESS_ABOVE and _takes_gzip(request):
        content = await asyncio.to_thread(gzip.compress, content, 1)
        response.headers.update(COMPRESSED)
    response.body = content
    return response


async def stream(
    request: web.Request, pieces: AsyncGenerator[bytes, None], *, patience: timedelta, compress: bool = False
) -> web.StreamResponse:
    """An answer that is written while it is being made. A client that reads nothing for as long as `patience`, or an
    answer that fails half-way, ends with its connection: the client sees that it is not whole."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Cache-Control": "no-cache, private"})
    response.enable_chunked_encoding()
    _warn(response, request.get(WARNINGS, ()))
    if compress and _takes_gzip(request):
        response.headers.update(COMPRESSED)
        pieces = _gzipped(pieces)
    await response.prepare(request)
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                async with asyncio.timeout(patience.total_seconds()):
                    await response.write(piece)
        await response.write_eof()
    except ConnectionError:
        pass  # the client left, which is how most watches end
    except Exception as error:
        if not isinstance(error, TimeoutError | Failure):
            logger.exception("%s %s failed half-way", request.method, request.path)
        if request.transport is not None:
            request.transport.abort()
    return response


async def _gzipped(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    gzip_ = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
    async with aclosing(pieces):
        async for piece in pieces:
            if compressed := await asyncio.to_thread(gzip_.compress, piece):
                yield compressed
    yield gzip_.flush()


async def refuse(request: web.Request, failure: Failure) -> web.Response:
    """A failure as the Status document that clients know how to read."""
    seconds = failure.details.get("retryAfterSeconds")
    headers = {"Retry-After": str(seconds)} if seconds else {}
    return await answer(request, failure.document(), status=failure.code, headers=headers)


def success(details: Json) -> Json:
    """The Status that says "done", for what has no object left to answer with."""
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def _takes_gzip(request: web.Request) -> bool:
    return "gzip" in request.headers.get("Accept-Encoding", "")


def _warn(response: web.StreamResponse, warnings: Iterable[str]) -> None:
    for warning in _bounded(warnings):
        response.headers.add("Warning", f'299 - "{warning}"')


def _bounded(warnings: Iterable[str]) -> list[str]:
    bounded: list[str] = []
    room = WARNINGS_LENGTH
    for text in dict.fromkeys(text for text in warnings if text):
        quoted = _quotable(text)
        room -= len(quoted)
        if room < 0:
            break
        bounded.append(quoted)
    return bounded


def _quotable(text: str) -> str:
    """Text for a quoted string in a header: on one line, bounded, its quotes escaped."""
    line = "".join(character if character.isprintable() else " " for character in text)
    if len(line) > WARNING_LENGTH:
        line = line[: WARNING_LENGTH - 1] + "…"
    return line.replace("\\", "\\\\").replace('"', '\\"')
