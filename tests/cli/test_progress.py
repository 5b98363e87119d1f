"""Progress: a bar on a terminal, plain lines in a log, nothing when it is quiet."""

import io
import logging
import time
from types import SimpleNamespace

import pytest

from phosphot5 import progress
from phosphot5.cli.streams import _BesideTheBar
from phosphot5.progress import Progress, stage


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch, caplog):
    monkeypatch.setenv("COLUMNS", "100")
    caplog.set_level("INFO")
    screen = Terminal()
    monkeypatch.setattr(
        progress, "sys", SimpleNamespace(stderr=screen)
    )  # pytest has a stream of its own for each phase
    monkeypatch.setattr(progress, "LIVE_SECONDS", 0.01)
    return screen


def count(how_many, **options):
    with Progress("proteins", how_many, **options) as bar:
        for _ in range(how_many - options.get("done", 0)):
            bar.advance()
            time.sleep(0.02)


def test_a_bar_on_a_terminal(terminal, caplog):
    count(4)
    _, *shown, last = terminal.getvalue().split("\r\x1b[K")
    assert shown[0].startswith("[##########..........] 2 of 4 proteins, 0 s, about 0 s left")
    assert shown[-1].startswith("[####################] 4 of 4 proteins")
    assert last == ""
    assert caplog.messages == []


def test_a_run_that_is_continued(terminal):
    count(4, done=2)
    assert "[####################] 4 of 4 proteins" in terminal.getvalue()


def test_figures_stand_behind_the_bar(terminal):
    with Progress("steps", 10) as bar:
        bar.advance()
        bar.note("loss 0.5")
        time.sleep(0.02)
        bar.advance()
    assert "2 of 10 steps, 0 s, about 0 s left; loss 0.5" in terminal.getvalue()


def test_the_text_is_shown_without_the_bar_where_there_is_no_room_for_both(terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    count(3)
    assert "\x1b[K2 of 3 proteins, 0 s, about 0 s left\r" in terminal.getvalue()


def test_a_line_of_the_log_does_not_run_into_the_bar(terminal):
    with Progress("proteins", 3) as bar:
        bar.advance()
        time.sleep(0.02)
        bar.advance()
        _BesideTheBar(terminal).emit(logging.makeLogRecord({"msg": "something"}))
    assert terminal.getvalue().endswith("left\r\x1b[Ksomething\n")


def test_plain_lines_in_a_log(monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.setattr(progress, "PLAIN_SECONDS", 0.01)
    count(3)
    assert caplog.messages == [
        "2 of 3 proteins, 0 s, about 0 s left",
        "3 of 3 proteins, 0 s, about 0 s left",
    ]


@pytest.mark.parametrize("seconds", [0.0, 0.15])
def test_a_stage_is_told_if_it_takes_long(monkeypatch, caplog, seconds):
    caplog.set_level("INFO")
    monkeypatch.setattr(progress, "QUICK_SECONDS", 0.05)
    with stage("loading the model"):
        time.sleep(seconds)
    assert caplog.messages == ["loading the model, 0 s"] * (seconds > 0)


def test_a_stage_on_a_terminal(terminal):
    with stage("loading the model"):
        time.sleep(0.05)
    assert terminal.getvalue().startswith("\r\x1b[Kloading the model, 0 s")
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_nothing_is_shown_when_it_is_quiet(terminal, caplog):
    caplog.set_level("WARNING")
    count(3)
    with stage("loading the model"):
        time.sleep(0.05)
    assert terminal.getvalue() == ""
    assert caplog.messages == []
