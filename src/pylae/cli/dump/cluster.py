"""`proxy-config cluster`: where requests can go."""

from dataclasses import dataclass

from pylae.cli.dump.source import Json, Table, clusters, origin

HEAD = ("SERVICE FQDN", "PORT", "SUBSET", "DIRECTION", "TYPE", "DESTINATION RULE")
UNNAMED = "-"


@dataclass(frozen=True, slots=True)
class Filter:
    """`fqdn` and `subset` are looked for anywhere in the name, as istioctl does; `port` 0 is any."""

    fqdn: str = ""
    direction: str = ""
    subset: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True)
class Name:
    """A cluster's name taken apart: `outbound|80|v1|catalog.istioinaction.svc.cluster.local`."""

    fqdn: str
    port: str = UNNAMED
    subset: str = UNNAMED
    direction: str = UNNAMED

    @classmethod
    def of(cls, text: str) -> "Name":
        """A name of another form is all `fqdn`, as istioctl shows it."""
        fields = text.split("|")
        if len(fields) != 4:
            return cls(text)
        direction, port, subset, fqdn = fields
        return cls(fqdn, port, subset or UNNAMED, direction)


def chosen(dump: Json, wanted: Filter) -> tuple[Json, ...]:
    """The clusters that pass the filter, by host, subset, port and direction."""
    kept = [cluster for cluster in clusters(dump) if _passes(Name.of(cluster["name"]), wanted)]
    return tuple(sorted(kept, key=_order))


def table(dump: Json, wanted: Filter) -> Table:
    """The clusters that pass the filter."""
    return Table(HEAD, tuple(_row(cluster) for cluster in chosen(dump, wanted)))


def _row(cluster: Json) -> tuple[str, ...]:
    name = Name.of(cluster["name"])
    return (name.fqdn, name.port, name.subset, name.direction, _type(cluster), origin(cluster, "destination-rule"))


def _type(cluster: Json) -> str:
    if custom := cluster.get("cluster_type"):
        return str(custom["name"])
    return str(cluster.get("type", "STATIC"))


def _passes(name: Name, wanted: Filter) -> bool:
    return (
        wanted.fqdn in name.fqdn
        and wanted.subset in name.subset
        and wanted.direction in ("", name.direction)
        and wanted.port in (0, _number(name.port))
    )


def _order(cluster: Json) -> tuple[str, str, int, str]:
    name = Name.of(cluster["name"])
    return (name.fqdn, name.subset, _number(name.port), name.direction)


def _number(port: str) -> int:
    return int(port) if port.isdecimal() else 0
