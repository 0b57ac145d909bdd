"""`kubectl logs` of the gateway's pod: Envoy's own log, which holds the access log where one was asked for."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from pylae.apimachinery.failure import bad_request
from pylae.apiserver.backend import LogQuery

PIECE = 64 * 1024
GLANCE = 0.25
"""Seconds between looks at the end of a followed file."""


class PodLog:
    """Reads one file for one pod; every other pod runs nothing here and has no log."""

    def __init__(self, file: Path, pod: str) -> None:
        self._file = file
        self._pod = pod

    async def __call__(self, query: LogQuery, /) -> AsyncIterator[bytes]:
        if query.pod != self._pod:
            raise bad_request(f"pod {query.pod} runs nothing here, so it has no log; the gateway's pod is {self._pod}")
        position = await asyncio.to_thread(_beginning, self._file, query.tail_lines)
        while True:
            position, piece = await asyncio.to_thread(_read, self._file, position)
            if piece:
                yield piece
            elif query.follow:
                await asyncio.sleep(GLANCE)
            else:
                return


def _read(file: Path, position: int) -> tuple[int, bytes]:
    """A piece from `position` on, and the position after it. A file that was cut meanwhile is read from its
    beginning."""
    try:
        with file.open("rb") as log:
            log.seek(position if position <= log.seek(0, 2) else 0)
            piece = log.read(PIECE)
            return log.tell(), piece
    except FileNotFoundError:
        return position, b""


def _beginning(file: Path, lines: int | None) -> int:
    """Where the last `lines` lines begin."""
    if lines is None or not file.exists():
        return 0
    with file.open("rb") as log:
        position = log.seek(0, 2)
        wanted = lines + 1
        while position > 0 and wanted > 0:
            step = min(PIECE, position)
            position -= step
            log.seek(position)
            piece = log.read(step)
            while wanted > 0 and piece:
                end = piece.rfind(b"\n")
                if end < 0:
                    break
                wanted -= 1
                if wanted == 0:
                    return position + end + 1
                piece = piece[:end]
    return 0
