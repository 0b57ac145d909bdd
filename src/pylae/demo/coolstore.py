"""The coolstore demo from its first line to its last: set the stage, go through the walkthrough, tell the result,
tidy up.
"""

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from pylae.demo import paper
from pylae.demo.certificates import Hierarchy, draw_keys
from pylae.demo.performance import Performance
from pylae.demo.ports import Ports
from pylae.demo.shop import Service, open_shop
from pylae.demo.stage import Stage, missing
from pylae.demo.step import command
from pylae.demo.walkthrough import CATALOG, CHAIN, WEBAPP, Walkthrough, overture

HOSTS = {"certs": WEBAPP, "certs2": CATALOG}


def run(*, keep: bool, ports: Ports | None = None) -> int:
    """Play all of it; the exit code.

    With `keep`, everything is left running and what to try next is printed. `ports` are the walkthrough's own unless
    another program holds them.
    """
    if lacking := missing():
        for sentence in lacking:
            paper.remark(sentence)
        return 1
    with _ended_by_signals(), ExitStack() as at_the_end:
        stage = Stage(Path(tempfile.mkdtemp(prefix="pylae-demo-")))
        at_the_end.callback(shutil.rmtree, stage.directory, ignore_errors=True)
        shop = open_shop()
        for service in shop:
            at_the_end.callback(service.stop)
        at_the_end.callback(stage.run, command("pylae down"))
        succeeded = _play(stage, shop, ports or Ports.choose(), keep=keep)
        if keep:
            at_the_end.pop_all()
        return 0 if succeeded else 1


def _play(stage: Stage, shop: tuple[Service, ...], ports: Ports, *, keep: bool) -> bool:
    begun, now = time.monotonic(), datetime.now(UTC)
    performance = Performance(stage.run)
    stage.lay_out()
    for sentence in (f"Everything happens in {stage.directory} and on 127.0.0.1.", *ports.replacements()):
        paper.remark(sentence)
    with ThreadPoolExecutor(max_workers=8) as executor:
        drawn = {folder: draw_keys(executor) for folder in HOSTS}
        performance.play(0, overture(ports, {service.name: service.address for service in shop}))
        for folder, host in HOSTS.items():
            Hierarchy(stage.chapter / folder, host, now).write(drawn[folder]())
    walkthrough = Walkthrough(ports, now)
    if performance.succeeded:
        for number, section in enumerate(walkthrough.sections(), start=1):
            performance.play(number, section)
    _tell(performance, time.monotonic() - begun, keep=keep)
    if keep:
        _tell_next(stage, shop, walkthrough)
    return performance.succeeded


def _tell(performance: Performance, took: float, *, keep: bool) -> None:
    """The table of expected and seen, and the result in one line."""
    paper.table(("EXPECTED", "SEEN"), [(each.label, each.seen, each.holds) for each in performance.seen])
    held = sum(each.holds for each in performance.seen)
    hint = "" if keep else " `--keep` leaves it running."
    paper.remark(f"\n{held} of {len(performance.seen)} as in the walkthrough, in {took:.0f} s.{hint}")


def _tell_next(stage: Stage, shop: tuple[Service, ...], walkthrough: Walkthrough) -> None:
    """How to go on by hand, and how to end it."""
    exports = {"PATH": ":".join([*_own_directories(), "$PATH"]), **stage.exports()}
    ends = f"pylae down; kill {' '.join(str(service.process.pid) for service in shop)}; rm -r {stage.directory}"
    for line in (
        f"\nIt goes on running in {stage.directory}. Try:",
        f"  cd {stage.directory}",
        f"  export {' '.join(f'{name}={value}' for name, value in exports.items())}",
        "  pylae status",
        "  kubectl get gateways.networking.istio.io,virtualservices.networking.istio.io -A",
        "  kubectl describe gateways.networking.istio.io coolstore-gateway -n istioinaction",
        f"  {walkthrough.https(WEBAPP)} {CHAIN}",
        f"End it:\n  {ends}",
    ):
        paper.remark(line)


def _own_directories() -> list[str]:
    """Where `pylae` and kubectl are, if that is no place where a shell looks anyway."""
    usual = {Path("/usr/bin"), Path("/usr/local/bin"), Path("/bin")}
    found = [Path(sys.executable).parent, Path(shutil.which("kubectl") or "/usr/bin/kubectl").parent]
    return [str(path) for path in dict.fromkeys(found) if path not in usual]


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Within, SIGTERM and SIGHUP end the demo as Ctrl-C does, so that it tidies up."""

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
