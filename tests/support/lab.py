"""A real Envoy with the real discovery service, and no user's object: worlds in, requests by curl."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from data_plane import Answer, DataPlane, Upstream, eventually, free_port, short_directory

from pylae.controlplane.discovery.ads import Ads
from pylae.controlplane.discovery.observation import Observation
from pylae.model.workload import GatewayWorkload
from pylae.xds.event import Accepted, Asked, Left, Refused
from pylae.xds.last_good import LastGood
from pylae.xds.resource import Key, Resource, ResourceSet, Type, is_asked_for
from pylae.xds.world import World

__all__ = ["Answer", "Lab", "Upstream", "become", "eventually", "free_port", "short_directory"]

HOME = GatewayWorkload()


def become(world: World, wanted: Iterable[Resource]) -> frozenset[Key]:
    """Let there be what is wanted and nothing else; gives back what that touched."""
    found = {resource.key: resource for resource in wanted}
    for key in [(type_, name) for type_ in Type for name in world[type_] if (type_, name) not in found]:
        world.drop(key)
    for resource in found.values():
        world.put(resource)
    return world.touched()


@dataclass
class Lab(DataPlane):
    """`async with Lab() as lab`: a control plane and an Envoy that is ready to be told everything.

    `sites` are hosts on demand, by name: what is to be there when one is asked for.
    """

    last_good: LastGood = field(default_factory=LastGood)
    observations: list[Observation] = field(default_factory=list)
    wanted: ResourceSet | None = None
    world: World = field(default_factory=World)
    sites: dict[str, tuple[Resource, ...]] = field(default_factory=dict)
    in_use: set[str] = field(default_factory=set)

    async def start_control_plane(self) -> None:
        """One that knows nothing, in place of an earlier one."""
        self.last_good, self.world, self.in_use = LastGood(), World(), set()
        self.ads = Ads(self._observe)
        await self.ads.listen_locally(self.directory / "xds.sock", HOME)

    async def stop_control_plane(self) -> None:
        await self.ads.stop()

    def _observe(self, observation: Observation) -> None:
        """As the loop does: what Envoy said decides what it is served."""
        self.observations.append(observation)
        match observation.event:
            case Accepted(resources=accepted):
                self.last_good.accepted(accepted)
            case Refused(resource=refused, message=message):
                self.last_good.refused(refused, message)
            case Asked(keys=keys):
                self.in_use.update(key[1] for key in keys if is_asked_for(key))
                for key in keys:
                    self.world.answer(key)
            case Left(keys=keys):
                self.in_use.difference_update(name for _, name in keys)
        asyncio.get_running_loop().call_soon(self._serve)

    def _serve(self) -> None:
        if self.wanted is not None:
            on_demand = (found for host in self.in_use for found in self.sites.get(host, ()))
            touched = become(self.world, (*self.wanted.resources(), *on_demand))
            self.ads.publish(HOME, self.last_good, self.last_good.serve(self.world, touched))

    def publish(self, wanted: ResourceSet) -> None:
        self.wanted = wanted
        self._serve()

    async def settle(self, wanted: ResourceSet | None = None) -> None:
        """Publish, and wait until the one Envoy has everything."""
        if wanted is not None:
            self.publish(wanted)

        async def settled() -> bool:
            streams = self.ads.connected()
            return len(streams) == 1 and streams[0].settled and await self.admin.ready()

        await eventually(settled, "Envoy to have everything")

    def refused(self) -> dict[str, str]:
        """What is refused now, by name."""
        return {refusal.name: refusal.message for refusal in self.last_good.refusals()}
