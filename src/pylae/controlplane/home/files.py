"""Files given with `-f`: looked at twice a second, by the clock of the loop."""

import asyncio
import logging
from dataclasses import dataclass, field

from pylae.kube.directory import Directory
from pylae.kube.errors import KubeError
from pylae.kube.report import Report, Standing

logger = logging.getLogger(__name__)

EVERY = 0.5
"""Seconds. Looking is a few system calls, works on every file system, and misses no editor's way of saving."""


@dataclass
class Files:
    """`looked` is set after the first look: what was there at the start is in the API."""

    directory: Directory
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                _tell(await self.directory.look())
                self.looked.set()
            except KubeError as error:
                logger.warning("Files could not be applied, it is tried again: %s", error)
            await asyncio.sleep(EVERY)

    def standing(self) -> tuple[Standing, ...]:
        return self.directory.standing()


def _tell(report: Report) -> None:
    for applied in report.applied:
        if applied.outcome != "unchanged":
            logger.info("%s %s from %s", applied.about, applied.outcome, applied.source)
        for warning in applied.warnings:
            logger.warning("%s: %s: %s", applied.source, applied.about, warning)
    for refusal in report.refused:
        logger.warning("%s", refusal)
    for pruned in report.pruned:
        logger.info("%s deleted: it is in no file any more", pruned)
