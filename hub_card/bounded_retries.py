"""Bounds for what the Hub's client would wait for without end.

The client repeats most requests of an upload itself: five times, after 1 to 8 seconds, when the connection breaks
or the Hub answers 408, 429, 500, 502, 503 or 504. That is left to it. What it leaves open is bounded here: it
waits as long as ``Retry-After`` says, be it hours, for an answer that never comes, and it creates a
repository again and again while the Hub has another change to it under way.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from huggingface_hub import get_session
from huggingface_hub.utils import hf_raise_for_status

__all__ = ["LONGEST_WAIT", "STALLED_AFTER", "bounded_retries"]

LONGEST_WAIT = 300
"""Seconds of a ``Retry-After`` that are waited, the Hub's own window for counting requests; when more are asked
for, the user is told at once."""
STALLED_AFTER = 120.0
"""Seconds without a byte from the Hub after which the connection counts as broken."""
MOST_CONFLICTS = 10
"""Answers of 409 in one push after which it is given up; a normal one has three at most."""

_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def bounded_retries() -> Iterator[None]:
    """Let the requests of this process to the Hub fail early that would wait or be repeated without end.

    The client has one session for all threads: pushes of several threads come one after the other.
    """
    with _ONE_AT_A_TIME:
        yield from _bounded_session()


def _bounded_session() -> Iterator[None]:
    session = get_session()
    hooks, timeout = session.event_hooks, session.timeout
    conflicts = 0

    def look(response: Any) -> None:
        nonlocal conflicts
        conflicts += response.status_code == 409
        if _asked_to_wait(response) > LONGEST_WAIT or conflicts > MOST_CONFLICTS:
            response.read()
            hf_raise_for_status(response)

    session.event_hooks = {**hooks, "response": [*hooks.get("response", ()), look]}
    session.timeout = STALLED_AFTER
    try:
        yield
    finally:
        session.event_hooks, session.timeout = hooks, timeout


def _asked_to_wait(response: Any) -> int:
    """Return the seconds that a refusing answer asks to wait for."""
    after = response.headers.get("Retry-After", "").strip()
    return int(after) if response.status_code >= 400 and after.isdigit() else 0
