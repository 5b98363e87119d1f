"""Counts and durations in sentences: ``1 site``, ``2 sites``, ``1 h 02 min 03 s``."""

__all__ = ["counted", "duration"]


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
