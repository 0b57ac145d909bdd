"""Watched files: what is written there is so in the API, and what is taken out of them goes.

The caller looks every half a second. A file is acted on when two looks have seen it the same, so that nothing is read
while it is being written, and none counts as removed while an editor puts another in its place. A file that cannot be
read leaves its objects as they were; what somebody changes in the API by hand stays so until the file changes.
"""

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path

from pylae.api.meta import ObjectRef
from pylae.kube.apply import apply
from pylae.kube.batch import Batch, File
from pylae.kube.client import Client
from pylae.kube.errors import ApiError, KubeError, NotFound, Unreachable
from pylae.kube.manifest import Document, load
from pylae.kube.ownership import Held, Owned, mark, nothing, prune, remembered
from pylae.kube.refusal import Refusal
from pylae.kube.report import Applied, Report, Standing
from pylae.kube.resources import Resources
from pylae.kube.tree import Stamp, absolute, scan

RETRY = 10
"""Looks until a document is tried again that was refused for a reason that may pass: no such namespace, a full disk."""

Claims = list[tuple[Owned, Document]]


async def _nothing_held() -> Held:
    return nothing


class Directory:
    """Keeps the API to some files and directories. Call `look` again and again."""

    def __init__(
        self,
        client: Client,
        paths: Sequence[Path],
        *,
        namespace: str = "default",
        held: Callable[[], Awaitable[Held]] = _nothing_held,
    ) -> None:
        self.paths = tuple(paths)
        self._client = client
        self._namespace = namespace
        self._held = held
        self._resources = Resources(client)
        self._seen: Mapping[Path, Stamp] = {}
        self._files: dict[Path, File] = {}
        self._owners: dict[Owned, Path] = {}
        self._doomed: dict[Owned, Path] = {}
        self._missing: tuple[Refusal, ...] = ()
        self._looks = 0
        self._has_remembered = False

    async def look(self) -> Report:
        """Looks once, and brings the API up to what is written. The first look takes all files as they are.

        Raises `Unreachable`; what was not done then is done by a later look.
        """
        self._looks += 1
        found = scan(self.paths)
        due, gone = self._due(found), self._gone(found)
        self._seen = found
        batch = Batch({path: (stamp, load(path)) for path, stamp in due.items()}, self._files)
        claims = await self._claims(batch)
        self._release(batch, claims, gone)
        for owned, document in sorted(claims, key=_namespaces_first):
            await self._take(owned, document, batch)
        if not self._has_remembered:
            await self._remember(found, batch)
        pruned = await self._prune(batch)
        return Report(tuple(batch.applied), (*self._newly_missing(), *self._commit(batch, gone)), pruned)

    def standing(self) -> tuple[Standing, ...]:
        """Each of the watched paths, as it is now."""
        return tuple(self._standing(root) for root in self.paths)

    def _due(self, found: Mapping[Path, Stamp]) -> dict[Path, Stamp]:
        """Files that are new or changed and have come to rest, and those whose refusal may have passed."""
        return {path: stamp for path, stamp in found.items() if self._is_due(path, stamp)}

    def _is_due(self, path: Path, stamp: Stamp) -> bool:
        known = self._files.get(path)
        if known and known.stamp == stamp:
            return known.may_pass and self._looks % RETRY == 0
        return not self._has_remembered or self._seen.get(path) == stamp

    def _gone(self, found: Mapping[Path, Stamp]) -> frozenset[Path]:
        return frozenset(
            path for path in self._files if path not in found and path not in self._seen and self._is_gone(path)
        )

    def _is_gone(self, path: Path) -> bool:
        """Removed, rather than out of reach with all that was around it: a disk may not be mounted."""
        if os.path.lexists(path):
            return False
        around = [root for root in self.paths if absolute(root) in absolute(path).parents]
        return all(root.exists() for root in around) if around else path.parent.exists()

    async def _claims(self, batch: Batch) -> Claims:
        """The objects that the files want to be there."""
        claims: Claims = []
        for document in batch.documents:
            try:
                kind = await self._resources.of(document.object)
            except Unreachable:
                raise
            except KubeError as error:
                batch.pass_over(document, error)
            else:
                claims.append((Owned.of(kind, document, self._namespace), document))
        return claims

    def _release(self, batch: Batch, claims: Claims, gone: frozenset[Path]) -> None:
        """What a file does not have any more is doomed, unless another file takes it up."""
        wanted = {(owned, document.source) for owned, document in claims}
        for owned, path in list(self._owners.items()):
            if path in gone or (batch.is_whole(path) and (owned, path) not in wanted):
                self._doomed[owned] = self._owners.pop(owned)

    async def _take(self, owned: Owned, document: Document, batch: Batch) -> None:
        """Applies a document, unless its object is another's already."""
        owner = self._owners.get(owned)
        if owned in batch.taken or (owner and owner != document.source):
            where = "above in this file" if owner == document.source else f"in {owner}"
            batch.refuse(document, owned.about, KubeError(f"it is also {where}; this one is not used"), may_pass=True)
            return
        self._owners[owned] = document.source
        self._doomed.pop(owned, None)
        batch.taken.add(owned)
        self._client.take_warnings()  # those of others, who share the client
        try:
            outcome = await apply(self._client, mark(document), namespace=self._namespace)
        except Unreachable:
            raise
        except KubeError as error:
            batch.refuse(document, owned.about, error, may_pass=_may_pass(error))
        else:
            batch.accept(document, Applied(owned.about, outcome, document.source, self._client.take_warnings()))

    async def _remember(self, found: Mapping[Path, Stamp], batch: Batch) -> None:
        """Takes up what an earlier run left: what has gone meanwhile, the file or the place in it, is doomed."""
        as_given = {absolute(path): path for path in found}
        for owned, source in (await remembered(self._client, await self._held())).items():
            if owned in self._owners:
                continue
            path = as_given.get(source, source)
            if batch.is_whole(path) or (path not in found and self._is_gone(path)):
                self._doomed[owned] = path
            elif path in found:
                self._owners[owned] = path
        self._has_remembered = True

    async def _prune(self, batch: Batch) -> tuple[ObjectRef, ...]:
        pruned: list[ObjectRef] = []
        for owned, path in list(self._doomed.items()):
            try:
                if await prune(self._client, owned, path):
                    pruned.append(owned.about)
            except ApiError as error:
                batch.outside.append(Refusal(path, 0, owned.about, f"cannot be deleted: {error}"))
            del self._doomed[owned]
        return tuple(pruned)

    def _commit(self, batch: Batch, gone: Iterable[Path]) -> tuple[Refusal, ...]:
        """The files are as they are now; what was not refused before is returned."""
        news = batch.news(self._files)
        self._files.update(batch.files)
        for path in gone:
            del self._files[path]
        return news

    def _newly_missing(self) -> tuple[Refusal, ...]:
        before = self._missing
        self._missing = tuple(
            Refusal(root, 0, None, "there is no such file or directory") for root in self.paths if not root.exists()
        )
        return tuple(refusal for refusal in self._missing if refusal not in before)

    def _standing(self, root: Path) -> Standing:
        files = [file for path, file in self._files.items() if path.is_relative_to(root)]
        refused = [refusal for file in files for refusal in file.refused]
        missing = [refusal for refusal in self._missing if refusal.source == root]
        return Standing(root, sum(file.applied for file in files), (*missing, *refused))


def _namespaces_first(claim: tuple[Owned, Document]) -> bool:
    return claim[0].about.kind != "Namespace"


def _may_pass(error: KubeError) -> bool:
    """A namespace may be made, a disk emptied; what is invalid stays so until the file changes."""
    return isinstance(error, ApiError) and (error.is_passing or isinstance(error, NotFound) or error.code == 409)
