"""The five sections of the walkthrough, command by command, with what it saw.

The commands are its own, with two additions: curl is told by `--resolve` that the names are this machine's, where the
walkthrough edits /etc/hosts, and `-sS` keeps curl's progress meter out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pylae.demo import see
from pylae.demo.certificates import FIRST_SERIAL, RENEWAL
from pylae.demo.ports import Ports
from pylae.demo.reply import show
from pylae.demo.step import Command, Earlier, Expectation, Section, Step, command

WEBAPP, CATALOG = "webapp.istioinaction.io", "catalog.istioinaction.io"
CHAIN = "--cacert ch4/certs/2_intermediate/certs/ca-chain.cert.pem"
CATALOG_CHAIN = "--cacert ch4/certs2/2_intermediate/certs/ca-chain.cert.pem"
CLIENT = f"--cert ch4/certs/4_client/certs/{WEBAPP}.cert.pem --key ch4/certs/4_client/private/{WEBAPP}.key.pem"
FOREIGN = f"--cert ch4/certs2/4_client/certs/{CATALOG}.cert.pem --key ch4/certs2/4_client/private/{CATALOG}.key.pem"
MUTUAL = "webapp-credential-mtls"
SECRETS = "pylae proxy-config secret deploy/istio-ingressgateway.istio-system"
COUNTERS = (
    "curl -sS --unix-socket pylae/run/admin.sock"
    " 'http://envoy/stats?filter=listener_manager.(listener_modified|total_listeners_draining)'"
)
GATEWAY = "gateway.networking.istio.io/coolstore-gateway"
SERVED = "200 h2 istio-envoy 357 bytes TLSv1.3"
AGE = 1.1
"""Seconds by which the ages of two Gateways surely differ: they are counted in whole ones, and the older Gateway
wins.
"""


@dataclass(frozen=True, slots=True)
class Walkthrough:
    """The sections, with the ports that this machine has for them; `renewed` is from when the renewed certificate
    holds.
    """

    ports: Ports
    renewed: datetime

    def sections(self) -> tuple[Section, ...]:
        """All five, in order: each stands on what the ones before it applied."""
        return (self.tls(), self.redirect(), self.mutual(), self.secrets(), self.hosts())

    def tls(self) -> Section:
        """One host behind TLS, and the two ways in which a client fails."""
        url = f"https://localhost:{self.ports.https}/api/catalog"
        return Section(
            "TLS for webapp.istioinaction.io",
            (
                _kubectl(_create_tls("webapp-credential", "certs", WEBAPP), "secret/webapp-credential created"),
                _kubectl("apply -f ch4/coolstore-gw-tls.yaml -n istioinaction", f"{GATEWAY} created"),
                _curl(
                    self.https(WEBAPP),
                    Expectation("a CA that the client does not know is refused by it (60)", "60", see.failure),
                    "the client does not know our CA: it must be told to trust it",
                ),
                _curl(
                    f'curl -sSv -H "Host: {WEBAPP}" {url} {CHAIN}',
                    Expectation("a name that no server has ends in the handshake (35)", "35", see.failure),
                    "TLS asks for localhost (SNI), which is no host of the Gateway; the Host header comes too late",
                ),
                _curl(
                    f"{self.https(WEBAPP)} {CHAIN}",
                    Expectation("200 over h2 and TLSv1.3, 357 bytes from istio-envoy", SERVED, see.answer),
                    "the CA is trusted, the name is right: Envoy ends TLS and asks webapp, which asks catalog",
                    Expectation("header x-envoy-upstream-service-time", "present", see.service_time),
                ),
            ),
        )

    def redirect(self) -> Section:
        """Plain HTTP sent on to HTTPS, applied as the walkthrough does and as it probably meant to."""
        moved = f"301 https://{WEBAPP}:{self.ports.http}/api/catalog"
        return Section(
            "HTTP is sent on to HTTPS",
            (
                _curl(
                    self.http(WEBAPP),
                    Expectation("port 80 serves as it is", "200 HTTP/1.1 istio-envoy 357 bytes", see.answer),
                    "nothing forbids plain HTTP yet",
                ),
                _kubectl(
                    "apply -f ch4/coolstore-gw-tls-redirect.yaml",
                    f"{GATEWAY} created",
                    "without -n kubectl takes namespace default: now two Gateways claim the host",
                    pause=AGE,
                ),
                _curl(
                    self.http(WEBAPP),
                    Expectation("redirect applied without -n: 301", moved, see.redirect),
                    "on port 80 the two are merged, and a redirect wins; the port is the one that the client named",
                ),
                _curl(
                    f"{self.https(WEBAPP)} {CHAIN}",
                    Expectation("the older Gateway keeps 443", SERVED, see.answer),
                    "a host of port 443 belongs to the Gateway that was there first",
                ),
                Step(
                    command("kubectl delete -f ch4/coolstore-gw-tls-redirect.yaml"),
                    (Expectation(f"kubectl delete: {GATEWAY}", "deleted", see.deletion),),
                ),
                _kubectl("apply -f ch4/coolstore-gw-tls-redirect.yaml -n istioinaction", f"{GATEWAY} configured"),
                _curl(
                    self.http(WEBAPP),
                    Expectation("redirect applied with -n: 301", moved, see.redirect),
                    "the same, from the one Gateway that is left",
                ),
            ),
        )

    def mutual(self) -> Section:
        """The client must show a certificate too."""
        url = f"{self.https(WEBAPP)} {CHAIN}"
        return Section(
            "Mutual TLS: the client shows a certificate too",
            (
                _kubectl(_create_mutual("certs", WEBAPP), f"secret/{MUTUAL} created"),
                _kubectl("apply -f ch4/coolstore-gw-mtls.yaml -n istioinaction", f"{GATEWAY} configured"),
                _curl(
                    url,
                    Expectation("no client certificate (56)", "56 certificate required", see.failure),
                    "mode MUTUAL: who shows no certificate gets a TLS alert",
                ),
                _curl(
                    f"{url} {FOREIGN}",
                    Expectation("a client certificate of another CA (56)", "56 unknown ca", see.failure),
                    "that certificate is none that ca.crt of the Secret vouches for",
                ),
                _curl(
                    f"{url} {CLIENT}",
                    Expectation("the right client certificate", SERVED, see.answer),
                    "both sides have shown who they are",
                ),
            ),
        )

    def secrets(self) -> Section:
        """What Envoy holds, and how a new certificate gets there."""
        rows = see.secret_rows(MUTUAL, f"{MUTUAL}-cacert")
        held, authority = f"Cert Chain ACTIVE {FIRST_SERIAL}", f"CA ACTIVE {FIRST_SERIAL}"
        since = f"200, valid since {self.renewed:%b %e %H:%M:%S %Y} GMT"
        replacement = Command(
            command(f"kubectl {_create_mutual('certs', WEBAPP, '.renewed')} --dry-run=client -o yaml").words,
            into=command("kubectl replace -f -"),
        )
        return Section(
            "Secrets reach Envoy by themselves",
            (
                _read(
                    SECRETS,
                    Expectation("the Secret as two rows, ACTIVE", f"{held}, {authority}", rows),
                    "one Secret, two resources: what the gateway shows, and whom it trusts",
                ),
                Step(command(COUNTERS), key="before"),
                Step(replacement, (_prints("replace", f"secret/{MUTUAL} replaced"),)),
                _read(
                    SECRETS,
                    Expectation("the new serial number, at once", f"Cert Chain ACTIVE {RENEWAL[1]}, {authority}", rows),
                    "nobody told Envoy but the Secret itself",
                ),
                _curl(
                    f"{self.https(WEBAPP)} {CHAIN} {CLIENT}",
                    Expectation("the next handshake shows the new certificate", since, see.since),
                    "new connections get it; open ones go on",
                ),
                _read(
                    COUNTERS,
                    Expectation("the listeners' counters are as before", Earlier("before"), see.statistics),
                    "a certificate travels apart from the listener that uses it",
                ),
            ),
        )

    def hosts(self) -> Section:
        """Two hosts on one port, told apart by SNI."""
        return Section(
            "Several hosts on one port",
            (
                _kubectl(_create_tls("catalog-credential", "certs2", CATALOG), "secret/catalog-credential created"),
                _kubectl("apply -f ch4/coolstore-gw-multi-tls.yaml -n istioinaction", f"{GATEWAY} configured"),
                _kubectl(
                    "apply -f ch4/catalog-vs.yaml -n istioinaction",
                    "virtualservice.networking.istio.io/catalog-vs-from-gw created",
                ),
                _curl(
                    f"{self.https(WEBAPP)} {CHAIN}",
                    Expectation("webapp with its own certificate", f"200 357 bytes CN={WEBAPP}", see.named),
                    "the client names the host in its first message (SNI), and Envoy picks the certificate by it",
                ),
                _curl(
                    f"{self.https(CATALOG, '/items')} {CATALOG_CHAIN}",
                    Expectation("catalog with its own certificate", f"200 502 bytes CN={CATALOG}", see.named),
                    "the same port, another certificate, another VirtualService",
                ),
            ),
        )

    def https(self, host: str, path: str = "/api/catalog") -> str:
        """curl to the gateway's port 443."""
        port = self.ports.https
        return f"curl -sSv https://{host}:{port}{path} --resolve {host}:{port}:127.0.0.1"

    def http(self, host: str, path: str = "/api/catalog") -> str:
        """curl to the gateway's port 80."""
        port = self.ports.http
        return f"curl -sSv http://{host}:{port}{path} --resolve {host}:{port}:127.0.0.1"


def overture(ports: Ports, addresses: Mapping[str, str]) -> Section:
    """Start the gateway, and make what the walkthrough takes for granted: a namespace, two Services, a
    VirtualService.
    """
    return Section(
        "Pylae starts, and the shop behind it",
        (
            Step(command(" ".join(["pylae up -d", *ports.mappings()]))),
            Step(command("kubectl apply -f ch4/services.yaml")),
            Step(
                command("kubectl apply -f ch4/webapp-vs.yaml -n istioinaction"),
                why="it routes webapp.istioinaction.io to webapp:80",
            ),
            *(Step(command(f"pylae expose {name} -n istioinaction {place}")) for name, place in addresses.items()),
        ),
    )


def _create_tls(secret: str, folder: str, host: str) -> str:
    files = f"ch4/{folder}/3_application"
    return (
        f"create -n istio-system secret tls {secret}"
        f" --key {files}/private/{host}.key.pem --cert {files}/certs/{host}.cert.pem"
    )


def _create_mutual(folder: str, host: str, variant: str = "") -> str:
    files = f"ch4/{folder}/3_application"
    return (
        f"create -n istio-system secret generic {MUTUAL} --from-file=tls.key={files}/private/{host}.key.pem"
        f" --from-file=tls.crt={files}/certs/{host}{variant}.cert.pem"
        f" --from-file=ca.crt=ch4/{folder}/2_intermediate/certs/ca-chain.cert.pem"
    )


def _kubectl(text: str, printed: str, why: str = "", *, pause: float = 0) -> Step:
    """A kubectl command that should print just this."""
    return Step(command(f"kubectl {text}"), (_prints(text.split()[0], printed),), why, pause=pause)


def _prints(verb: str, printed: str) -> Expectation:
    thing, _, deed = printed.rpartition(" ")
    return Expectation(f"kubectl {verb}: {thing}", deed, see.deed(thing))


def _curl(text: str, expected: Expectation, why: str, *more: Expectation) -> Step:
    return Step(command(text), (expected, *more), why, show, patient=True)


def _read(text: str, expected: Expectation, why: str) -> Step:
    return Step(command(text), (expected,), why, patient=True)
