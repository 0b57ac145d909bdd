"""What a program tells of its processes, in the document that `pylae status` prints."""

from pathlib import Path

from pylae.node.dataplane import EnvoyState

Json = dict[str, object]

KIBIBYTE = 1024


def envoy(state: EnvoyState) -> Json:
    return {
        "version": state.version,
        "pid": state.pid,
        "memory": memory(state.pid) if state.pid else None,
        "uptime": round(state.seconds, 1),
    }


def memory(pid: int) -> int | None:
    """Bytes that a process holds in memory (VmRSS of proc(5)); None if it has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * KIBIBYTE for line in lines if line.startswith("VmRSS:")), None)
