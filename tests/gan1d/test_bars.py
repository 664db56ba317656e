"""Progress on stderr: in a terminal a bar, in a log a line now and then, on request nothing."""

import io

import pytest

from gan1d import bars


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds by a clock that the test moves on."""
    now = [100.0]
    monkeypatch.setattr(bars.time, "monotonic", lambda: now[0])
    return now


def counted(clock: list[float], hidden: bool = False) -> bars.Bar:
    """A resumed count: 10 of 30 are done already, then two a second come."""
    with bars.Bar("opening", hidden) as bar:
        report = bar.counting("training [a/b]", "GANs")
        report(10, 30)
        for k in range(1, 21):
            clock[0] += 3.5 if k == 1 else 0.5
            report(10 + k, 30)
    return bar


def test_a_log_has_a_line_every_half_minute(monkeypatch, clock, capsys) -> None:
    with bars.Bar() as bar:
        report = bar.counting("training", "steps")
        for k in range(101):
            report(k, 100)
            clock[0] += 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3 and lines[0] == "training, 31 of 100 steps, 1 a second, 0:01:09 left"


def test_a_short_command_leaves_no_line_in_a_log(clock, capsys) -> None:
    assert counted(clock).first == 10
    assert capsys.readouterr().err == ""


def test_a_terminal_shows_count_rate_and_time_left(monkeypatch, clock) -> None:
    """The rate is of what came since the first report; names with brackets stand as they are."""
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    counted(clock)
    shown = screen.getvalue()
    assert "training [a/b], 30 of 30 GANs, 1.54 a second, 0:00:00 left" in shown


def test_hidden_means_nothing(monkeypatch, clock) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    counted(clock, hidden=True)
    assert screen.getvalue() == ""
