"""Counts, durations and foreign text in sentences: ``1 site``, ``2 sites``, ``1 h 02 min 03 s``."""

from collections.abc import Sequence

__all__ = ["counted", "duration", "printable", "some"]


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, in the plural unless it is one.

    Examples
    --------
    >>> counted(1, "site"), counted(1234, "protein")
    ('1 site', '1,234 proteins')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def duration(seconds: float) -> str:
    """Return a duration in hours, minutes and seconds, without leading zeros.

    Examples
    --------
    >>> duration(42.4), duration(723), duration(3723)
    ('42 s', '12 min 03 s', '1 h 02 min 03 s')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min {rest:02d} s"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def printable(text: str, limit: int) -> str:
    r"""Return text of any origin as one line that a terminal can show.

    Lines are joined, characters that cannot be shown are escaped, and what is too long loses its middle.

    Parameters
    ----------
    text : str
        For instance an identifier of an input file, or the message of a library.
    limit : int
        Characters of the result at most.

    Examples
    --------
    >>> printable("two\nlines, bell \a", 40), printable("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 15)
    ('two lines, bell \\x07', 'ABCDEF ... WXYZ')
    """
    if len(text) > 2 * limit:  # what is cut away in any case need not be escaped
        text = f"{text[:limit]} ... {text[-limit:]}"
    line = " ".join(part.strip() for part in text.splitlines()) or text.strip()
    shown = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in line
    )
    if len(shown) <= limit:
        return shown
    head = (limit - 5) * 3 // 5
    return f"{shown[:head]} ... {shown[head + 5 - limit :]}"


def some(names: Sequence[str], shown: int = 5) -> str:
    """Return the first of some names of any origin, and how many there are beside them.

    Examples
    --------
    >>> some(["a", "b", "c"], 2), some(["a", "b"], 2)
    ('a, b and 1 more', 'a, b')
    """
    more = f" and {len(names) - shown:,} more" if len(names) > shown else ""
    return ", ".join(printable(name, 60) for name in names[:shown]) + more
