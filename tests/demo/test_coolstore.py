import socket
import subprocess
import sys

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.real
def test_the_whole_walkthrough_comes_out_as_it_is_printed() -> None:
    program = (
        "import sys; from pylae.demo.coolstore import run; from pylae.demo.ports import Ports;"
        f"sys.exit(run(keep=False, ports=Ports({free_port()}, {free_port()})))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert "28 of 28 as in the walkthrough" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
