"""A Gateway of two servers, and what translation may have made of them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pylae.api.gateway import Gateway, GatewaySpec, Port, Server, ServerTlsSettings
from pylae.api.meta import ObjectMeta, ObjectRef
from pylae.model.finding import Code, Finding
from pylae.model.ir.listener import SecretRef
from pylae.model.translation import ServerPlan

ABOUT = ObjectRef("Gateway", "istioinaction", "coolstore-gateway")

FindingMaker = Callable[..., Finding]
PlanMaker = Callable[..., ServerPlan]


@pytest.fixture
def gateway() -> Gateway:
    def server(name: str, host: str, credential: str) -> Server:
        tls = ServerTlsSettings(mode="SIMPLE", credential_name=credential)
        return Server(port=Port(number=443, name=name, protocol="HTTPS"), hosts=(host,), tls=tls)

    return Gateway(
        metadata=ObjectMeta(name=ABOUT.name, namespace=ABOUT.namespace, generation=2),
        spec=GatewaySpec(
            servers=(
                server("https-webapp", "webapp.istioinaction.io", "webapp-credential"),
                server("https-catalog", "Catalog.istioinaction.io", "catalog-credential"),
            )
        ),
    )


@pytest.fixture
def plan() -> PlanMaker:
    """`plan(index, **changes)`: a server of the gateway that serves, but for the changes."""

    def make(index: int, **changes: Any) -> ServerPlan:
        name = ("webapp", "catalog")[index]
        serving = ServerPlan(
            gateway=ABOUT,
            index=index,
            name=f"https-{name}",
            port=443,
            protocol="HTTPS",
            hosts=(f"{name}.istioinaction.io",),
            mode="SIMPLE",
            credentials=(SecretRef(f"kubernetes://{name}-credential"),),
            listener="0.0.0.0_8443",
            route_configuration=f"https.443.https-{name}.coolstore-gateway.istioinaction",
        )
        return replace(serving, **changes)

    return make


@pytest.fixture
def finding() -> FindingMaker:
    """`finding(code, path, message="…")` on the gateway."""

    def make(code: Code, path: str = "", message: str = "It is wrong.", cure: str = "") -> Finding:
        return Finding(code, ABOUT, path, message, cure)

    return make
