"""Visitors wait for the model in the order in which they come, and are told how many are before them."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from phosphot5.errors import PhosphoT5Error

__all__ = ["Line", "Place"]

STALE = 15.0
"""Seconds without a sign of a waiting visitor after which the place is given up."""


class Place:
    """One visitor's place in a line."""

    def __init__(self, line: "Line") -> None:
        self._line = line
        self.seen = line.clock()
        self.started = self.told = False

    def wait(self, seconds: float = 2.0) -> int:
        """Wait until the line moves or the time is up; the first call returns at once.

        Parameters
        ----------
        seconds : float
            How long at most.

        Returns
        -------
        int
            How many are before this visitor; 0 if it is their turn.
        """
        return self._line._wait(self, seconds)

    def begin(self) -> None:
        """Begin to be served, which lasts until the place is left; waits if the turn was lost meanwhile."""
        while self.wait():
            pass
        self.started = True


class Line:
    """A line in which one visitor at a time is served.

    Parameters
    ----------
    most : int
        How many may be in it, the one who is served included.
    clock : callable
        Tells seconds.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.clock = clock
        self._places: list[Place] = []
        self._moved = threading.Condition()

    @contextmanager
    def place(self) -> Iterator[Place]:
        """Take a place at the end, and leave it at the end of the context.

        Raises
        ------
        PhosphoT5Error
            If there is no room.
        """
        with self._moved:
            self._drop_stale()
            if len(self._places) >= self.most:
                raise PhosphoT5Error(f"{self.most} visitors are waiting already; try again in a minute")
            place = Place(self)
            self._places.append(place)
        try:
            yield place
        finally:
            with self._moved:
                self._places = [other for other in self._places if other is not place]
                self._moved.notify_all()

    def _wait(self, place: Place, seconds: float) -> int:
        with self._moved:
            self._see(place)
            before = self._places.index(place)
            if before and place.told:
                self._moved.wait_for(
                    lambda: place not in self._places or self._places.index(place) != before, seconds
                )
                self._see(place)
            place.told = True
            return self._places.index(place)

    def _see(self, place: Place) -> None:
        """Note that a visitor is still there; one who was given up stands at the end again."""
        place.seen = self.clock()
        self._drop_stale()
        if place not in self._places:
            self._places.append(place)

    def _drop_stale(self) -> None:
        now = self.clock()
        self._places = [place for place in self._places if place.started or now - place.seen < STALE]
