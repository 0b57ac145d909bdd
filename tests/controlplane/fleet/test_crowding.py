"""A port that carries very many hosts ahead is told of, with what would be quicker."""

from demand import Stage, gateway
from edits import SERVERS

from pylae.controlplane.fleet.crowding import CROWDED
from pylae.model import codes

HOSTS = [f"h{number}.io" for number in range(CROWDED)]


def crowded(stage: Stage) -> list[str]:
    return [finding.message for finding in stage.findings() if finding.code is codes.PORT_CROWDED]


def test_hosts_ahead_crowd_a_port_when_they_are_many() -> None:
    stage = Stage()
    stage.tell(gateway("g", *HOSTS[1:], serve="ahead"))
    assert crowded(stage) == []
    stage.tell(gateway("h", HOSTS[0], serve="ahead"))
    [message] = crowded(stage)
    assert message.startswith(f"0.0.0.0_443 carries {CROWDED} hosts sent ahead: Envoy takes about 100 ms")
    stage.take_away(gateway("h"))
    assert crowded(stage) == []


def test_hosts_on_demand_crowd_nobody() -> None:
    stage = Stage()
    stage.tell(gateway("g", *HOSTS))
    assert crowded(stage) == []


def test_plain_hosts_need_no_chains_and_crowd_nobody() -> None:
    stage = Stage()
    stage.tell(gateway("g", *HOSTS, serve="ahead", server=SERVERS[1], httpsRedirect=True, credential=""))
    assert crowded(stage) == []
