"""The schema of a CustomResourceDefinition itself (apiextensions.k8s.io/v1), and how `kubectl get crd` prints one.

The schema that stands in a definition is left open here: `structural` judges it, with words of its own.
"""

from collections.abc import Mapping
from typing import Any, Final

from pylae.apimachinery.columns.column import NAME, Column, text
from pylae.apimachinery.custom.columns import FORMATS, TYPES
from pylae.apimachinery.document import Json
from pylae.apimachinery.resource import Resource
from pylae.apimachinery.schema import PRESERVE_UNKNOWN

DEFINITIONS: Final = "customresourcedefinitions.apiextensions.k8s.io"


def _text(description: str) -> Json:
    return {"type": "string", "description": description}


def _flag(description: str) -> Json:
    return {"type": "boolean", "description": description}


def _list(items: Json, description: str) -> Json:
    return {"type": "array", "items": items, "description": description}


def _object(description: str, /, *required: str, **properties: Json) -> Json:
    schema: Json = {"type": "object", "description": description, "properties": properties}
    return {**schema, "required": list(required)} if required else schema


TEXT: Final[Json] = {"type": "string"}
OPEN: Final[Json] = {"type": "object", PRESERVE_UNKNOWN: True}

NAMES: Final = _object(
    "The names of the kind.",
    kind=_text("The kind, such as CronTab."),
    listKind=_text("The kind of a list of them; the kind and `List` if absent."),
    plural=_text("The plural in paths, such as crontabs."),
    singular=_text("The singular for command lines; the kind in lower case if absent."),
    shortNames=_list(TEXT, "Abbreviations for command lines."),
    categories=_list(TEXT, "Groups of kinds that `kubectl get` knows, such as all."),
)

COLUMN: Final = _object(
    "A column that `kubectl get` prints.",
    name=_text("Its title."),
    type={**_text("The type of its cells."), "enum": list(TYPES)},
    format=_text(f"One of {', '.join(FORMATS)}."),
    jsonPath=_text("Where its cells are found, such as `.spec.replicas`."),
    description=_text("What it shows."),
    priority={"type": "integer", "format": "int32", "description": "Above 0: printed by `-o wide` only."},
)

VERSION: Final = _object(
    "A version of the kind.",
    "name",
    "served",
    "storage",
    name=_text("The version, such as v1beta1."),
    served=_flag("Is it offered to clients?"),
    storage=_flag("Are objects kept in it? True for exactly one version."),
    deprecated=_flag("Are clients that use it warned?"),
    deprecationWarning=_text("The warning, if not the usual one."),
    schema=_object("What objects look like.", openAPIV3Schema={**OPEN, "description": "A structural schema."}),
    subresources=_object(
        "What stands beside objects at paths of their own.",
        status={**OPEN, "description": "The status is written apart from all else."},
        scale=_object(
            "The number of replicas can be read and written by itself.",
            "specReplicasPath",
            "statusReplicasPath",
            specReplicasPath=_text("Where the wanted number is."),
            statusReplicasPath=_text("Where the present number is."),
            labelSelectorPath=_text("Where a selector of the replicas is, as text."),
        ),
    ),
    additionalPrinterColumns=_list(COLUMN, "What `kubectl get` prints beside the name; the age if absent."),
    selectableFields=_list(
        _object("A field that field selectors may look at.", jsonPath=_text("Its path, such as `.spec.color`.")),
        "Fields that field selectors may look at.",
    ),
)

CONVERSION: Final = _object(
    "How objects get from one version to another.",
    strategy={**_text("None: apiVersion alone changes."), "enum": ["None", "Webhook"]},
    webhook={**OPEN, "description": "Who converts; nobody is asked here."},
)

SPEC: Final = _object(
    "What is defined.",
    "group",
    "names",
    "scope",
    "versions",
    group=_text("The group, such as stable.example.com."),
    names=NAMES,
    scope={**_text("Do objects live in namespaces?"), "enum": ["Cluster", "Namespaced"]},
    versions=_list(VERSION, "The versions of the kind."),
    conversion=CONVERSION,
    preserveUnknownFields=_flag("Must be false: unknown fields are dropped unless a schema keeps them."),
)

STATUS: Final = _object(
    "What has come of the definition.",
    acceptedNames=NAMES,
    storedVersions=_list(TEXT, "The versions in which objects may be stored."),
    conditions=_list(
        _object(
            "What is the case.",
            **dict.fromkeys(("type", "status", "lastTransitionTime", "reason", "message"), TEXT),
            observedGeneration={"type": "integer", "format": "int64"},
        ),
        "What is the case: NamesAccepted, Established, Terminating.",
    ),
)


def definition_resource(metadata: Mapping[str, Any]) -> Resource:
    """The kind CustomResourceDefinition; `metadata` is the schema that all metadata has."""
    schema = _object(
        "A kind that users add to the API.",
        apiVersion=_text("Group and version of the API."),
        kind=_text("What kind of object this is."),
        metadata=dict(metadata),
        spec=SPEC,
        status=STATUS,
    )
    return Resource(
        group="apiextensions.k8s.io",
        versions=("v1",),
        kind="CustomResourceDefinition",
        plural="customresourcedefinitions",
        singular="customresourcedefinition",
        namespaced=False,
        schema=schema,
        short_names=("crd", "crds"),
        categories=("api-extensions",),
        columns=(
            NAME,
            Column("Created At", text("metadata", "creationTimestamp"), type="date", description="When it was created"),
        ),
        subresources=("status",),
    )
