"""From the API's answer to the effect on the wire: a Secret replaced, a route changed. Client time is included.

With a number, that many other hosts are served beside: `bench/propagation.py 1000`.
"""

import asyncio
import base64
import sys
import time
from collections.abc import Awaitable, Callable

from change import CHANGED
from stage import HOST, Stage, certificate, get, handshake, objects, quantile, stage, trusting_nobody, until_served

from pylae.api.scheme import SECRET, VIRTUAL_SERVICE
from pylae.kube.client import Client
from pylae.kube.kubeconfig import load

CHANGES = 200


async def until(holds: Callable[[], bool]) -> float:
    """Ask in a thread until it holds: the gateway must not share our interpreter's turn."""

    def ask() -> float:
        while not holds():
            pass
        return time.perf_counter()

    return await asyncio.to_thread(ask)


async def measure(change: Callable[[int], Awaitable[Callable[[], bool]]]) -> list[float]:
    taken = []
    for number in range(CHANGES):
        holds = await change(number)
        answered = time.perf_counter()
        taken.append((await until(holds) - answered) * 1000)
    return taken


def report(what: str, taken: list[float]) -> None:
    figures = f"p50 {quantile(taken, 0.5):6.1f} ms   p99 {quantile(taken, 0.99):6.1f} ms   max {max(taken):6.1f} ms"
    print(f"{what:<8} {figures}   ({len(taken)} changes)")


async def run(made: Stage) -> None:
    tls = trusting_nobody()
    async with Client(load(made.data / "kubeconfig")) as client:

        async def replace_secret(_: int) -> Callable[[], bool]:
            chain, key = certificate()
            data = {
                "tls.crt": base64.b64encode(chain.encode()).decode(),
                "tls.key": base64.b64encode(key.encode()).decode(),
            }
            await client.patch(SECRET, "istio-system", "bench", {"data": data})
            return lambda: _served(made, tls) == _encoded(chain)

        async def change_route(number: int) -> Callable[[], bool]:
            answer = {"status": 200, "body": {"string": f"answer {number}"}}
            await client.patch(VIRTUAL_SERVICE, "default", "bench", {"spec": {"http": [{"directResponse": answer}]}})
            return lambda: get(made.https, tls).endswith(f"answer {number}".encode())

        report("secret", await measure(replace_secret))
        report("route", await measure(change_route))


def _served(made: Stage, tls: object) -> bytes:
    with handshake(made.https, tls) as connection:  # type: ignore[arg-type]
        return connection.getpeercert(binary_form=True) or b""


def _encoded(chain: str) -> bytes:
    return base64.b64decode("".join(chain.splitlines()[1:-1]))


async def until_known(made: Stage, others: int) -> None:
    """The other hosts are there too, and not refused."""
    async with Client(load(made.data / "kubeconfig")) as client:
        known = len(await client.list(VIRTUAL_SERVICE))
    if known != others + 1:
        raise RuntimeError(f"{known - 1} of {others} other hosts were taken")


def beside(hosts: int) -> list[str]:
    """Everything that this many hosts need, before the one that is measured."""
    return [make(number).body.decode() for number in range(hosts) for make in CHANGED.values()]


def main() -> None:
    with stage() as made:
        manifest = made.data.parent / "objects.yaml"
        others = int(sys.argv[1]) if sys.argv[1:] else 0
        manifest.write_text("\n---\n".join([*beside(others), objects()]))
        made.up("-f", str(manifest))
        until_served(made.https, trusting_nobody(), deadline=300)
        asyncio.run(until_known(made, others))
        print(f"{HOST} beside {others} other hosts: from the API's answer to the effect on the wire")
        asyncio.run(run(made))


if __name__ == "__main__":
    main()
