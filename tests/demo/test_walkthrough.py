from datetime import UTC, datetime
from importlib import resources

import pytest
import yaml

from pylae.demo.ports import Ports
from pylae.demo.step import Earlier
from pylae.demo.walkthrough import Walkthrough, overture

NOW = datetime(2021, 7, 4, 12, 49, 32, tzinfo=UTC)


@pytest.fixture
def walkthrough() -> Walkthrough:
    return Walkthrough(Ports(31000, 31005), NOW)


def test_it_has_the_five_sections_and_each_says_why(walkthrough: Walkthrough) -> None:
    sections = walkthrough.sections()
    assert len(sections) == 5
    assert all(any(step.why for step in section.steps) for section in sections)


def test_every_step_that_wants_what_an_earlier_one_saw_has_that_step_before_it(walkthrough: Walkthrough) -> None:
    known: set[str] = set()
    for step in (step for section in walkthrough.sections() for step in section.steps):
        for expected in step.expected:
            assert not isinstance(expected.wanted, Earlier) or expected.wanted.key in known
        known.add(step.key)


def test_other_ports_are_in_the_commands_and_in_the_location_that_is_expected(walkthrough: Walkthrough) -> None:
    typed = [step.command.typed() for step in walkthrough.redirect().steps]
    assert any("http://webapp.istioinaction.io:31000/api/catalog" in text for text in typed)
    wanted = [expected.wanted for step in walkthrough.redirect().steps for expected in step.expected]
    assert "301 https://webapp.istioinaction.io:31000/api/catalog" in wanted


def test_the_date_of_the_renewal_is_written_as_openssl_writes_it(walkthrough: Walkthrough) -> None:
    wanted = [expected.wanted for step in walkthrough.secrets().steps for expected in step.expected]
    assert "200, valid since Jul  4 12:49:32 2021 GMT" in wanted


def test_ports_of_ones_own_are_published_and_the_usual_ones_go_without_saying() -> None:
    assert overture(Ports(), {}).steps[0].command.typed() == "pylae up -d"
    assert overture(Ports(30000, 31005), {}).steps[0].command.typed() == "pylae up -d -p 31005:443"
    assert Ports(30000, 31005).replacements() == ("Port 30005 is taken on this machine: 31005 stands for it.",)


def test_every_manifest_that_the_commands_name_is_packaged_and_reads(walkthrough: Walkthrough) -> None:
    sections = (*walkthrough.sections(), overture(Ports(), {}))
    words = [word for section in sections for step in section.steps for word in step.command.words]
    named = {word.removeprefix("ch4/") for word in words if word.endswith(".yaml")}
    packaged = resources.files("pylae.demo").joinpath("manifests")
    assert named == {path.name for path in packaged.iterdir()}
    for name in named:
        assert all(document["kind"] for document in yaml.safe_load_all(packaged.joinpath(name).read_text()))
