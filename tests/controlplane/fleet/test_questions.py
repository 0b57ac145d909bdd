"""What Envoys ask, in the order in which it is answered, and not more of it than there is room for."""

from pylae.controlplane.fleet.questions import Questions
from pylae.xds.resource import Key, Type


def secret(number: int) -> Key:
    return (Type.SECRET, f"h{number}.io")


def answered(questions: Questions) -> list[Key]:
    found = []
    while key := questions.take():
        found.append(key)
    return found


def test_who_has_waited_longest_is_first_and_nobody_is_answered_twice() -> None:
    questions = Questions()
    assert list(questions.ask([secret(1), secret(2), secret(1)])) == []
    assert len(questions) == 2
    assert answered(questions) == [secret(1), secret(2)]
    assert not questions


def test_there_is_no_room_for_more_clients_than_can_be_served_soon() -> None:
    questions = Questions(at_once=2)
    assert list(questions.ask(map(secret, range(4)))) == [secret(2), secret(3)]
    assert list(questions.ask([secret(1)])) == []
    questions.take()
    assert list(questions.ask([secret(3)])) == []
    assert answered(questions) == [secret(1), secret(3)]


def test_what_an_envoy_came_with_waits_for_clients_but_is_never_too_much() -> None:
    questions = Questions(at_once=1)
    questions.resume(map(secret, range(5)))
    assert list(questions.ask([secret(7)])) == []
    assert answered(questions) == [secret(7), *map(secret, range(5))]


def test_certificates_and_scopes_say_which_hosts_are_in_use_and_come_before_routes() -> None:
    questions = Questions()
    routes, scope = (Type.ROUTE, "asked/1/l|h1.io"), (Type.SCOPE, "l|h1.io")
    questions.resume([routes, secret(1), scope])
    assert answered(questions) == [secret(1), scope, routes]


def test_who_has_left_needs_no_answer() -> None:
    questions = Questions()
    list(questions.ask([secret(1), secret(2)]))
    questions.resume([secret(1), (Type.ROUTE, "asked/1/l|h1.io")])
    questions.leave(secret(1))
    questions.leave((Type.ROUTE, "asked/1/l|h1.io"))
    assert answered(questions) == [secret(2)]
