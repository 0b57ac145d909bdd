"""A watch stream, however it is cut into pieces."""

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylae.kube.errors import Gone
from pylae.kube.stream import LONGEST_LINE, BrokenStream, Event, Lines, events


class Pieces:
    """A response's content that arrives in these pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces

    async def iter_any(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece


async def read(*pieces: bytes) -> list[Event]:
    return [event async for event in events(Pieces(*pieces))]


@given(st.lists(st.binary(max_size=20).map(lambda b: b.replace(b"\n", b"."))), st.lists(st.integers(0, 60)))
def test_lines_are_the_same_wherever_the_stream_is_cut(lines: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(line + b"\n" for line in lines)
    edges = sorted({0, len(whole), *(cut for cut in cuts if cut <= len(whole))})
    cutter = Lines()
    found = [line for a, b in pairwise(edges) for line in cutter.feed(whole[a:b])]
    assert found == [line for line in lines if line.strip()]


async def test_an_event_is_its_type_and_the_bytes_of_its_object() -> None:
    assert await read(b'{"type":"ADDED","object":{"kind":"Secret"}}\n') == [Event("ADDED", b'{"kind":"Secret"}')]


async def test_a_line_of_three_megabytes_is_one_event() -> None:
    filler = b"x" * (3 * 1024 * 1024)
    line = b'{"type":"ADDED","object":{"data":"' + filler + b'"}}\n'
    pieces = [line[at : at + 65536] for at in range(0, len(line), 65536)]
    (event,) = await read(*pieces)
    assert len(event.body) > len(filler)


async def test_a_line_beyond_four_mebibytes_ends_the_stream() -> None:
    with pytest.raises(BrokenStream, match="longer than 4096 KiB"):
        await read(b"x" * LONGEST_LINE, b"x")


async def test_a_line_that_is_torn_off_is_dropped() -> None:
    assert await read(b'{"type":"ADDED","object":{}}\n{"type":"DEL') == [Event("ADDED", b"{}")]


async def test_an_error_event_is_raised_as_what_it_is() -> None:
    with pytest.raises(Gone, match="too old"):
        await read(b'{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}\n')


async def test_what_is_no_event_is_a_broken_stream() -> None:
    with pytest.raises(BrokenStream, match="is no event"):
        await read(b"<html>\n")
