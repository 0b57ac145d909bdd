"""The two services behind the gateway, started and ended as processes of their own."""

import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Service:
    """A running service and the address, `127.0.0.1:PORT`, on which it answers."""

    name: str
    address: str
    process: subprocess.Popen[str]

    @classmethod
    def start(cls, name: str, *options: str) -> "Service":
        """Start it in a session of its own, so that Ctrl-C at the demo does not reach it, and wait until it listens."""
        words = [sys.executable, "-m", "pylae.demo.services", name, *options]
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            return cls(name, _address(process), process)
        except BaseException:
            process.terminate()
            raise

    def stop(self) -> None:
        """End it and wait until it has gone."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5)
        if self.process.stdout:
            self.process.stdout.close()


def _address(process: subprocess.Popen[str]) -> str:
    """The last word of the line that the service prints once it listens. Raises ClickException if it ends without
    one.
    """
    assert process.stdout is not None
    if line := process.stdout.readline():
        return line.split()[-1]
    raise click.ClickException("A service of the demo did not start; its own words are above")


def open_shop() -> tuple[Service, Service]:
    """webapp, and the catalog that it asks."""
    catalog = Service.start("catalog")
    try:
        return Service.start("webapp", "--catalog", f"http://{catalog.address}"), catalog
    except BaseException:
        catalog.stop()
        raise
