"""What is on the same machine as the control plane: the one Envoy of its own, and the files that are watched."""

from collections.abc import Iterable
from dataclasses import dataclass

from pylae.controlplane.home.files import Files
from pylae.envoy.sockets import holder
from pylae.kube.report import Standing
from pylae.model.ir.listener import SocketAddress
from pylae.node import account
from pylae.node.dataplane import DataPlane


@dataclass(frozen=True, slots=True)
class Home:
    data_plane: DataPlane
    files: Files

    @property
    def is_up(self) -> bool:
        """Whether Envoy runs, and every file was looked at once."""
        return self.files.looked.is_set() and self.data_plane.state.pid is not None

    @property
    def envoy_version(self) -> str:
        return self.data_plane.state.version

    def envoy(self) -> account.Json:
        return account.envoy(self.data_plane.state)

    def standing(self) -> Iterable[Standing]:
        return self.files.standing()

    async def metrics(self) -> str:
        """Envoy's own, for Prometheus."""
        return await self.data_plane.admin.stats_prometheus()


def holder_of(address: SocketAddress) -> str:
    """Who listens on an address of this machine, in words; "" if nobody can be found."""
    found = holder(address.host, address.port)
    return str(found) if found else ""
