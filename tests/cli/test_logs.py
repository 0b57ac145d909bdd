from pathlib import Path

from pylae.cli.logs import Tail, readable


def test_the_last_lines_are_found_across_blocks(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"{number:08} {'x' * 1000}\n" for number in range(300)))
    assert [line[:8] for line in Tail(log).last(150)] == [f"{number:08}" for number in range(150, 300)]
    assert Tail(log).last(0) == ()
    assert len(Tail(log).last(1000)) == 300


def test_what_is_written_later_comes_line_by_whole_line(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("old\n")
    tail = Tail(log)
    assert tail.last(10) == ("old",)
    with log.open("a") as file:
        file.write("new\nhal")
    assert tail.fresh() == ("new",)
    with log.open("a") as file:
        file.write("f\n")
    assert tail.fresh() == ("half",)
    assert tail.fresh() == ()


def test_a_log_that_was_rotated_away_is_begun_anew(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("a long line of the old file\n")
    tail = Tail(log)
    tail.last(10)
    log.rename(tmp_path / "log.1")
    assert tail.fresh() == ()
    log.write_text("first\n")
    assert tail.fresh() == ("first",)


def test_a_line_of_json_is_read_out_and_any_other_stays() -> None:
    line = '{"level": "warning", "time": "2026-01-01T12:00:00+00:00", "scope": "x", "msg": "port is taken"}'
    assert readable(line).endswith(":00:00 warning  port is taken")
    assert readable("[2026] envoy's own") == "[2026] envoy's own"
