"""`kubectl logs` of the gateway's pod."""

from pathlib import Path

import pytest

from pylae.apimachinery.failure import Failure
from pylae.apiserver.backend import LogQuery
from pylae.controlplane.home.pod_log import PIECE, PodLog


async def read(file: Path, tail: int | None = None, pod: str = "gateway-0") -> bytes:
    query = LogQuery(namespace="istio-system", pod=pod, tail_lines=tail)
    return b"".join([piece async for piece in PodLog(file, "gateway-0")(query)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "envoy.log"
    path.write_text("".join(f"line {number}\n" for number in range(20_000)))
    assert path.stat().st_size > 2 * PIECE
    return path


async def test_all_of_it_is_read_in_pieces(file: Path) -> None:
    assert await read(file) == file.read_bytes()


@pytest.mark.parametrize("lines", [0, 1, 3, 9_000, 20_000, 30_000])
async def test_the_last_lines_are_exactly_those(file: Path, lines: int) -> None:
    expected = file.read_text().splitlines(keepends=True)[-lines:] if lines else []
    assert (await read(file, lines)).decode() == "".join(expected)


async def test_a_log_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    assert await read(tmp_path / "none.log", 5) == b""


async def test_another_pod_has_no_log_and_the_message_names_the_one_that_has(file: Path) -> None:
    with pytest.raises(Failure, match="gateway-0"):
        await read(file, pod="web-1")


async def test_a_followed_file_that_is_cut_is_read_from_its_new_beginning(tmp_path: Path) -> None:
    file = tmp_path / "envoy.log"
    file.write_text("before\n")
    pieces = PodLog(file, "gateway-0")(LogQuery(namespace="istio-system", pod="gateway-0", follow=True))
    assert await anext(pieces) == b"before\n"
    file.write_text("cut\n")
    assert await anext(pieces) == b"cut\n"
