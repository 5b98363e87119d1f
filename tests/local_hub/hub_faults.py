"""What can go wrong between a client and a Hub, and which requests it goes wrong for."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """What a request meets in place of its answer.

    Parameters
    ----------
    status : int, optional
        Status of an answer that refuses the request, which is not carried out; without it the connection is
        closed with no answer at all.
    message : str
        What the refusing answer says.
    html : bool
        Whether it says so on a page for people, as gateways do, in place of JSON.
    headers : mapping of str to str
        Headers of the refusing answer.
    carried_out : bool
        Whether the request takes effect before the connection is closed: only its answer is lost.
    body_share : float
        Share of the request's body that is read before the connection is closed.
    stalls : bool
        Whether the server says nothing until the client gives up, in place of closing the connection.
    """

    status: int | None = None
    message: str = "injected fault"
    html: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    carried_out: bool = False
    body_share: float = 1.0
    stalls: bool = False


DROPPED = Fault()
LOST_ANSWER = Fault(carried_out=True)
TRUNCATED = Fault(body_share=0.5)
STALLED = Fault(stalls=True)
EXPIRED_TOKEN = Fault(
    401, 'User Access Token "tests" is expired', {"X-Error-Message": "The token is expired"}
)


def rate_limited(seconds: int) -> Fault:
    """Too many requests: the client may come back after that many seconds."""
    return Fault(429, "Too Many Requests", headers={"Retry-After": str(seconds)})


@dataclass
class _Planned:
    fault: Fault
    at: re.Pattern[str]
    left: int | None
    skip: int


class Faults:
    """Faults planned for requests that are still to come; safe to use from several threads."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []
        self._lock = threading.Lock()

    def plan(self, fault: Fault, at: str = "", times: int | None = 1, after: int = 0) -> None:
        """Let requests meet a fault.

        Parameters
        ----------
        fault : Fault
            What they meet.
        at : str
            Regular expression looked for in ``METHOD /path``; by default that of every request.
        times : int, optional
            How many of these requests; None: all, until :meth:`clear`.
        after : int
            How many of these requests are answered normally before.
        """
        with self._lock:
            self._planned.append(_Planned(fault, re.compile(at), times, after))

    def meet(self, line: str) -> Fault | None:
        """Return the fault that the request ``METHOD /path`` meets, if any; it counts as met."""
        with self._lock:
            for planned in self._planned:
                if planned.left == 0 or not planned.at.search(line):
                    continue
                if planned.skip:
                    planned.skip -= 1
                    continue
                if planned.left is not None:
                    planned.left -= 1
                return planned.fault
        return None

    @property
    def left(self) -> int:
        """Number of counted faults that no request has met yet."""
        return sum(planned.left or 0 for planned in self._planned)

    def clear(self) -> None:
        """Forget all faults: the Hub is well again."""
        with self._lock:
            self._planned.clear()
