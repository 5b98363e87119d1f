"""Values from JSON and YAML files, checked by pydantic against declared types; the first fault in one line."""

import difflib
import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from phosphot5.errors import PhosphoT5Error

__all__ = ["CHECKED", "unknown_key", "validated"]

_Declared = TypeVar("_Declared")

CHECKED = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)
"""``__pydantic_config__`` of the classes read from files: no unknown keys, no conversion of types."""
_UNKNOWN = ("unexpected_keyword_argument", "extra_forbidden")
"""How pydantic names the fault of an unknown key."""
_SHOWN = 60
"""Characters of a wrong value that a message shows."""
_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)
"""Makes the checks of a type, once: that takes longer than to check."""


def validated(
    declared: type[_Declared],
    value: object,
    where: str,
    error: type[PhosphoT5Error] = PhosphoT5Error,
    *,
    section: str = "",
) -> _Declared:
    """Return a value of a file as its declared type, nested parts included.

    Parameters
    ----------
    declared : type
        A dataclass or TypedDict with :data:`CHECKED` as its ``__pydantic_config__``, or a type made of these.
    value : object
        As a JSON or YAML reader gave it.
    where : str
        The file, for the message.
    error : type of PhosphoT5Error
        What to raise.
    section : str
        Key of the value inside the file, if it is not the whole content.

    Raises
    ------
    PhosphoT5Error
        With the key, the value and the expected type of the first fault.
    """
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError) as fault:
        reason = "nested too deeply" if isinstance(fault, RecursionError) else str(fault)
        raise error(f"{where}: {section or 'content'}: {reason}") from None
    try:
        # strict checking takes a mapping for a dataclass, and a text for an enumeration, from JSON only
        checked: _Declared = _adapter(declared).validate_json(text)
        return checked
    except ValidationError as faults:
        # a misspelt key is often missing as well: name the misspelling
        first = min(faults.errors(include_url=False), key=lambda fault: fault["type"] not in _UNKNOWN)
        path = (section, *first["loc"]) if section else first["loc"]
        raise error(f"{where}: {_explained(first, path, declared)}") from None


def unknown_key(key: str, known: Iterable[str], prefix: str = "") -> str:
    """Say that a key is unknown, with the nearest known one or all of them."""
    names = list(known)
    near = difflib.get_close_matches(key.rpartition(".")[2], names, n=1)
    hint = f"did you mean {prefix}{near[0]}?" if near else f"known keys: {', '.join(names)}"
    return f"unknown key {prefix}{key}; {hint}"


def _explained(fault: ErrorDetails, path: tuple[int | str, ...], declared: Any) -> str:
    *parents, last = [f"[{part}]" if isinstance(part, int) else str(part) for part in path] or [""]
    prefix = "".join(part if part.startswith("[") else f".{part}" for part in parents).lstrip(".")
    prefix = f"{prefix}." if prefix else ""
    key = f"{prefix}{last}".replace(".[", "[")
    if fault["type"] in _UNKNOWN:
        return unknown_key(last, _known_keys(declared, fault["loc"][:-1]), prefix)
    if fault["type"] in ("missing", "missing_argument"):
        return f"missing key {key}"
    shown = repr(fault["input"])
    shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}..."
    if fault["type"] == "value_error":
        return f"{key}: {fault['ctx']['error']}" if key else str(fault["ctx"]["error"])
    return f"{key or 'content'} is {shown}: {fault['msg'][0].lower()}{fault['msg'][1:]}"


def _known_keys(declared: Any, location: tuple[int | str, ...]) -> list[str]:
    """Names of the fields at a location inside a declared type, read from pydantic's JSON schema."""
    schema = _adapter(declared).json_schema(mode="validation")
    shared = schema.get("$defs", {})
    found: list[dict[str, Any]] = [schema]
    for part in location:
        step: list[dict[str, Any]] = []
        for entry in _resolved(found, shared):
            step += [entry["items"]] if isinstance(part, int) and "items" in entry else []
            step += [entry["properties"][part]] if part in entry.get("properties", {}) else []
        found = step or found
    return [name for entry in _resolved(found, shared) for name in entry.get("properties", {})]


def _resolved(entries: list[dict[str, Any]], shared: dict[str, Any]) -> list[dict[str, Any]]:
    resolved = []
    for entry in entries:
        options = entry.get("anyOf", [entry])
        resolved += [shared[o["$ref"].rpartition("/")[2]] if "$ref" in o else o for o in options]
    return resolved
