from pylae.demo.step import Command, Outcome, command


def test_a_command_reads_as_it_is_typed() -> None:
    text = "curl -sS --unix-socket run/admin.sock 'http://envoy/stats?filter=a.(b|c)'"
    assert command(text).typed() == text


def test_a_long_command_goes_on_in_the_next_line_in_front_of_an_option() -> None:
    typed = command(f"curl {'x' * 80} --cacert {'y' * 30} --cert z").typed()
    assert typed == f"curl {'x' * 80} \\\n    --cacert {'y' * 30} --cert z"


def test_a_pipe_is_shown_as_one() -> None:
    assert Command(("a", "-b"), into=Command(("c", "-"))).typed() == "a -b | c -"


def test_what_a_command_said_is_its_output_and_then_its_errors() -> None:
    assert Outcome(1, "out\n", "\nerror\n").said() == "out\nerror"
