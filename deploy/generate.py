"""Makes what is made of others here: the chart's `crds/` and rights from Pylae's own tables, the table of rights in
docs/kubernetes.md, and the plain manifests from the chart.

    python deploy/generate.py            # the manifests only where helm is at hand

Tests hold the files against what these functions give.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import yaml

from pylae.apimachinery.custom.crd import definitions
from pylae.kube.rights import RIGHTS, Right, Where

HERE = Path(__file__).parent
CHART = HERE / "chart" / "pylae"
DEFINITIONS = CHART / "crds" / "networking.istio.io.yaml"
ROLES = CHART / "templates" / "_rights.tpl"
MANIFESTS = HERE / "manifests" / "pylae.yaml"
DOCUMENT = HERE.parent / "docs" / "kubernetes.md"

NAMESPACES = ("pylae-system", "istio-system")
"""The control plane's own, and that of the gateway."""

MADE = "# Made by deploy/generate.py.\n"

PLACES = {Where.CLUSTER: "everywhere", Where.GATEWAYS: "gateways' namespaces", Where.OWN: "its own namespace"}
HEAD = "| where | what | verbs | for |\n|---|---|---|---|\n"

HELMS_OWN = ("# Source: ", "helm.sh/chart", "app.kubernetes.io/managed-by")


def crds() -> str:
    """The kinds that Pylae reads and no Kubernetes has, as CustomResourceDefinitions."""
    return MADE + "".join(f"---\n{_spelled(document)}" for document in definitions())


def roles() -> str:
    """The rules of each role, as templates to be included."""
    return "{{/* Made by deploy/generate.py from src/pylae/kube/rights.py. */}}\n" + "".join(map(_role, Where))


def manifests(helm: str) -> str:
    """The chart with its defaults, kinds and namespaces included."""
    settings = ["--namespace", NAMESPACES[0], "--kube-version", "1.33", "--set", "createNamespaces=false"]
    command = [helm, "template", "pylae", str(CHART), *settings]
    rendered = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    namespaces = ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in NAMESPACES)
    return crds() + "".join(f"---\n{_spelled(namespace)}" for namespace in namespaces) + _plain(rendered)


def document(text: str) -> str:
    """The document with its table of rights as it should be."""
    before, head, rest = text.partition(HEAD)
    return before + head + "".join(map(_row, RIGHTS)) + "\n" + rest.partition("\n\n")[2]


def _row(right: Right) -> str:
    what, names = (" ".join(f"`{word}`" for word in words) for words in (right.resources, right.names))
    named = f" named {names}" if names else ""
    return f"| {PLACES[right.where]} | {what}{named} | {' '.join(right.verbs)} | {right.why} |\n"


def _role(where: Where) -> str:
    return "\n".join([f'{{{{- define "pylae.rights.{where}" -}}}}', *_rules(where), "{{- end }}", ""])


def _rules(where: Where) -> Iterator[str]:
    for right in RIGHTS:
        if right.where is where:
            yield f"# {right.why}"
            first, *others = (f"{field}: {json.dumps(value)}" for field, value in right.rule().items())
            yield from (f"- {first}", *(f"  {line}" for line in others))


def _spelled(document: object) -> str:
    return yaml.safe_dump(document, sort_keys=False, width=4096)


def _plain(rendered: str) -> str:
    """Without what says that Helm manages it, which would be untrue, and without where each part came from."""
    lines = (line.rstrip() for line in rendered.splitlines())
    kept = (line for line in lines if line and not any(words in line for words in HELMS_OWN))
    return "\n".join(kept) + "\n"


if __name__ == "__main__":
    DEFINITIONS.write_text(crds())
    ROLES.write_text(roles())
    DOCUMENT.write_text(document(DOCUMENT.read_text()))
    if found := shutil.which("helm"):
        MANIFESTS.write_text(manifests(found))
