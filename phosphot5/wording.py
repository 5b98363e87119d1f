"""Counts in sentences: ``1 site``, ``2 sites``."""

__all__ = ["counted"]


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, in the plural unless it is one.

    Examples
    --------
    >>> counted(1, "site"), counted(1234, "protein")
    ('1 site', '1,234 proteins')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
