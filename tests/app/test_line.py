"""The line before the model: in the order of arrival, nobody lost, nobody who left in the way."""

import threading

import pytest

from phosphot5.app.line import STALE, Line
from phosphot5.errors import PhosphoT5Error


def test_twenty_are_served_in_turn():
    line, served, ahead = Line(most=20), [], []
    entered = threading.Semaphore(0)

    def visit(number):
        with line.place() as place:
            ahead.append(place.wait())
            entered.release()
            while place.wait(5):
                pass
            served.append(number)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(20)]
    with line.place() as first:
        assert first.wait() == 0
        for thread in threads[:19]:
            thread.start()
            entered.acquire()
        with pytest.raises(PhosphoT5Error, match="20 visitors are waiting already; try again in a minute"):
            visit(20)
    for thread in threads[:19]:
        thread.join()
    assert served == list(range(19))
    assert ahead == list(range(1, 20))


def test_who_says_nothing_is_passed_over_and_may_come_back():
    now = [0.0]
    line = Line(most=9, clock=lambda: now[0])
    with line.place() as first, line.place() as gone, line.place() as last:
        assert [first.wait(), gone.wait(), last.wait()] == [0, 1, 2]
        first.begin()
        now[0] = STALE + 1
        assert last.wait(0) == 1  # the first is being served, however long it takes
        assert gone.wait(0) == 2


def test_who_leaves_before_being_served_does_not_block_the_line():
    now = [0.0]
    line = Line(most=9, clock=lambda: now[0])
    with line.place() as gone, line.place() as next_one:
        assert [gone.wait(), next_one.wait()] == [0, 1]
        now[0] = STALE + 1
        assert next_one.wait(0) == 0
        next_one.begin()


def test_a_place_is_left_when_scoring_fails():
    line = Line(most=1)
    with pytest.raises(ValueError, match="damaged"), line.place():
        raise ValueError("damaged")
    with line.place() as place:
        assert place.wait() == 0
