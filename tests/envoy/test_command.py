"""Envoy's command line, and that it is known again."""

from datetime import timedelta
from pathlib import Path

from pylae.envoy.command import MOST_WORKERS, Command, workers

COMMAND = Command(Path("/opt/envoy"), Path("/run/bootstrap.json"), concurrency=2, drain=timedelta(seconds=30))


def test_every_option_is_a_word_of_its_own() -> None:
    arguments = COMMAND.arguments()
    assert arguments[:3] == ("/opt/envoy", "-c", "/run/bootstrap.json")
    assert "--disable-hot-restart" in arguments
    assert arguments[arguments.index("--concurrency") + 1] == "2"
    assert arguments[arguments.index("--drain-time-s") + 1] == "30"


def test_there_are_as_many_workers_as_processors_up_to_a_few() -> None:
    assert 1 <= workers() <= MOST_WORKERS
    arguments = Command(Path("/opt/envoy"), Path("/run/bootstrap.json")).arguments()
    assert arguments[arguments.index("--concurrency") + 1] == str(workers())


def test_a_process_is_known_by_the_bootstrap_that_it_was_started_from() -> None:
    assert COMMAND.started(COMMAND.arguments())
    assert COMMAND.started(("/another/envoy", "-l", "info", "-c", "/run/bootstrap.json"))
    assert not COMMAND.started(("/opt/envoy", "-c", "/run/of-another.json"))
    assert not COMMAND.started(("vim", "/run/bootstrap.json"))
    assert not COMMAND.started(())
