"""Where a piece of configuration comes from: what a refusal by Envoy is traced back to."""

from dataclasses import dataclass

from pylae.api.meta import ObjectRef


@dataclass(frozen=True, slots=True)
class Origin:
    """The user's object, and the field of it (`spec.servers[0]`)."""

    about: ObjectRef
    path: str = ""
