"""Numbers in text: the one place where cells, attributes and tags of an input become numbers."""

import re

__all__ = ["decimal_number", "whole_number"]

_WHOLE = re.compile(r"0*(\d{1,9})(?:\.0+)?", re.ASCII)
_DECIMAL = re.compile(
    r"[+-]?(?:\d{1,300}\.?\d{0,300}|\.\d{1,300})(?:e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE
)


def whole_number(text: str) -> int | None:
    """Return a count or position of up to nine ASCII digits, None if the text is none.

    Examples
    --------
    >>> whole_number("15"), whole_number("15.0"), whole_number("15.5"), whole_number("-1")
    (15, 15, None, None)
    """
    match = _WHOLE.fullmatch(text)
    return int(match[1]) if match else None


def decimal_number(text: str) -> float | None:
    """Return a finite number, with a decimal point or, as spreadsheets write in many languages, a comma.

    Examples
    --------
    >>> decimal_number("0.98"), decimal_number("0,98"), decimal_number("1e-3"), decimal_number("nan")
    (0.98, 0.98, 0.001, None)
    """
    text = text.replace(",", ".", 1)
    return float(text) if _DECIMAL.fullmatch(text) and abs(float(text)) != float("inf") else None
