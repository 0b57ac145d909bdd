"""When an Envoy is started, started again, and left alone."""

from pylae.envoy.supervisor import HEALTHY_AFTER, LONGEST_DELAY, Adopt, Rest, Spawn, Stop, Supervisor, Wait


def running(now: float = 0.0) -> Supervisor:
    supervisor = Supervisor()
    supervisor.begin(already_running=False)
    supervisor.started(now)
    return supervisor


def test_it_is_started_unless_one_runs_already() -> None:
    assert Supervisor().begin(already_running=False) == Spawn()
    assert Supervisor().begin(already_running=True) == Adopt()


def test_a_running_one_is_left_alone() -> None:
    supervisor = running()
    assert supervisor.running
    assert supervisor.tick(1000.0) == Rest()


def test_after_a_crash_it_is_started_again_a_moment_later() -> None:
    supervisor = running()
    assert supervisor.exited(10.0) == Wait(10.25)
    assert not supervisor.running
    assert supervisor.tick(10.1) == Wait(10.25)
    assert supervisor.tick(10.25) == Spawn()
    assert supervisor.restarts == 1


def test_while_it_keeps_dying_early_the_delay_doubles_up_to_a_limit() -> None:
    supervisor, now, delays = running(), 0.0, []
    for _ in range(9):
        action = supervisor.exited(now)
        assert isinstance(action, Wait)
        delays.append(action.until - now)
        now = action.until
        supervisor.tick(now)
        supervisor.started(now)
    assert delays == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, LONGEST_DELAY, LONGEST_DELAY, LONGEST_DELAY]


def test_one_that_ran_for_long_starts_with_the_first_delay_again() -> None:
    supervisor = running()
    supervisor.exited(1.0)
    supervisor.tick(2.0)
    supervisor.started(2.0)
    assert supervisor.exited(2.0 + HEALTHY_AFTER) == Wait(2.25 + HEALTHY_AFTER)


def test_one_that_could_not_be_started_at_all_is_tried_again() -> None:
    supervisor = Supervisor()
    supervisor.begin(already_running=False)
    assert supervisor.exited(0.0) == Wait(0.25)


def test_it_is_stopped_and_not_started_again() -> None:
    supervisor = running()
    assert supervisor.stop() == Stop()
    assert supervisor.exited(5.0) == Rest()
    assert supervisor.tick(100.0) == Rest()


def test_one_that_is_just_being_started_is_stopped_as_soon_as_it_runs() -> None:
    supervisor = Supervisor()
    supervisor.begin(already_running=False)
    assert supervisor.stop() == Rest()
    assert supervisor.started(1.0) == Stop()


def test_while_it_waits_there_is_nothing_to_stop() -> None:
    supervisor = running()
    supervisor.exited(1.0)
    assert supervisor.stop() == Rest()
    assert supervisor.tick(100.0) == Rest()
