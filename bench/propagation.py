"""From the API's answer to the effect on the wire: a Secret replaced, a route changed. Client time is included."""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable

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


def main() -> None:
    with stage() as made:
        manifest = made.data.parent / "objects.yaml"
        manifest.write_text(objects())
        made.up("-f", str(manifest))
        until_served(made.https, trusting_nobody())
        print(f"{HOST}: from the API's answer to the effect on the wire")
        asyncio.run(run(made))


if __name__ == "__main__":
    main()
