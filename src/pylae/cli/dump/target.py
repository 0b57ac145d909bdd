"""Whose configuration is asked for: istioctl's way to name a gateway, `deploy/istio-ingressgateway.istio-system`."""

from dataclasses import dataclass

import click

KINDS = frozenset({"pod", "pods", "po", "deploy", "deployment", "deployments"})


@dataclass(frozen=True, slots=True)
class Target:
    """A workload by name. `kind` and `namespace` are empty where none was given."""

    kind: str
    name: str
    namespace: str

    @classmethod
    def parse(cls, text: str) -> "Target":
        """`[KIND/]NAME[.NAMESPACE]`; the last dot parts the namespace, as in istioctl. Raises UsageError for other
        kinds.
        """
        kind, slash, rest = text.rpartition("/")
        if slash and kind.split(".")[0] not in KINDS:
            raise click.UsageError(
                f'"{text}": a gateway is named by its pod or its deployment, such as deploy/NAME.NAMESPACE.'
            )
        name, _, namespace = rest.rpartition(".") if "." in rest else (rest, "", "")
        return cls(kind, name, namespace)

    def names(self, pod: str, namespace: str) -> bool:
        """Whether this is the pod, or the deployment that the pod belongs to."""
        deployment = pod.rpartition("-")[0]
        if self.kind:
            right = self.name == (pod if self.kind.startswith("po") else deployment)
        else:
            right = self.name in (pod, deployment)
        return right and self.namespace in ("", namespace)


def check(text: str | None, gateway: tuple[str, str]) -> None:
    """Raises ClickException if `text` names another gateway than the one, pod and namespace, that was found here."""
    if text is None or Target.parse(text).names(*gateway):
        return
    pod, namespace = gateway
    deployment = pod.rpartition("-")[0]
    raise click.ClickException(f'"{text}" is not the gateway here. This one is deploy/{deployment}.{namespace}')
