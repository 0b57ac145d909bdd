"""From `pylae up` to the first TLS 200, with an empty data directory and with a stored one, and what it weighs at
rest."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from stage import Stage, objects, stage, trusting_nobody, until_served

RUNS = 5


def measure(made: Stage, *arguments: str) -> float:
    began = time.perf_counter()
    made.up(*arguments)
    return until_served(made.https, trusting_nobody()) - began


def resident(pid: int) -> float:
    """Megabytes that the process holds (VmRSS)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def status(made: Stage) -> dict[str, dict[str, int]]:
    told = subprocess.run(
        [sys.executable, "-m", "pylae", "status", "-o", "json"], env=made.environment, capture_output=True, check=True
    )
    return dict(json.loads(told.stdout))


def main() -> None:
    first, stored = [], []
    for _ in range(RUNS):
        with stage() as made:
            manifest = made.data.parent / "objects.yaml"
            manifest.write_text(objects())
            first.append(measure(made, "-f", str(manifest)))
            made.pylae("down")
            stored.append(measure(made, "-f", str(manifest)))
            time.sleep(2)
            told = status(made)
            weights = resident(told["controlPlane"]["pid"]), resident(told["envoy"]["pid"])
    for what, taken in (("new", first), ("stored", stored)):
        figures = f"median {statistics.median(taken):.2f} s, slowest {max(taken):.2f} s"
        print(f"up → first TLS 200, {what} data directory: {figures} (of {RUNS})")
    print(f"at rest: Python {weights[0]:.0f} MB, Envoy {weights[1]:.0f} MB")


if __name__ == "__main__":
    main()
