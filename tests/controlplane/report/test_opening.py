"""Of a start's findings the first of each code are said, and of the others how many they are."""

from collections.abc import Iterator

from pylae.api.meta import ObjectRef
from pylae.controlplane.report.opening import OF_A_CODE, OF_ALL, Opening
from pylae.model.finding import Code, Finding, Level


def code(number: int) -> Code:
    return Code(f"PYL{number:04}", f"Reason{number}", Level.WARNING, "")


def findings(number: int, count: int) -> Iterator[Finding]:
    return (Finding(code(number), ObjectRef("Gateway", "shop", f"g{name}"), "", "") for name in range(count))


def test_the_first_of_each_code_are_said() -> None:
    opening = Opening()
    assert len(opening.admit(findings(1, OF_A_CODE - 1))) == OF_A_CODE - 1
    assert len(opening.admit(findings(1, 5))) == 1
    assert len(opening.admit(findings(2, 5))) == 5


def test_there_is_an_end_to_it_however_many_codes_there_are() -> None:
    opening = Opening()
    assert sum(len(opening.admit(findings(number, OF_A_CODE))) for number in range(50)) == OF_ALL


def test_of_the_rest_those_count_that_still_stand() -> None:
    opening = Opening()
    for number in range(4):
        opening.admit(findings(number, OF_A_CODE + number * 10))
    standing = {("PYL0001", "Reason1"): 110, ("PYL0002", "Reason2"): 7}
    assert list(opening.rest(standing)) == [(code(1), 10), (code(2), 7)]
