"""What the user asked of `pylae run`."""

from dataclasses import dataclass
from pathlib import Path

from pylae.api.scheme import GATEWAY, VIRTUAL_SERVICE, Kind
from pylae.kube.tact import Conditions, Tact, where_nobody_else_does, whoever_else_does
from pylae.node.address import Address
from pylae.node.directories import DataDirectory


@dataclass(frozen=True, slots=True)
class Attachment:
    """`kubeconfig` and `context` say which API, None and "" the one that is found. `namespace` is the control plane's
    own; `gateways` are namespaces whose gateways are told whom to trust before any has joined. Gateways join at `xds`
    by certificate and at `xds_tokens` by token. `revision` and `class_` say which objects are ours."""

    data: DataDirectory
    namespace: str
    xds: Address
    xds_tokens: Address | None = None
    telemetry: Address | None = None
    kubeconfig: Path | None = None
    context: str = ""
    gateways: tuple[str, ...] = ()
    revision: str = ""
    class_: str = ""
    conditions: Conditions = Conditions.AUTO
    foreground: bool = True

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds whose status may be written."""
        return () if self.conditions is Conditions.NEVER else (GATEWAY, VIRTUAL_SERVICE)

    @property
    def tact(self) -> Tact:
        return whoever_else_does if self.conditions is Conditions.ALWAYS else where_nobody_else_does
