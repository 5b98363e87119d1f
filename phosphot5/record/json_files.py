"""JSON files that people and other programs may have damaged."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from phosphot5.errors import PhosphoT5Error

__all__ = ["RECORD_FILE", "finite", "read_json_object"]

RECORD_FILE = "run_record.json"
"""Name of the run record inside a model folder."""


def read_json_object(
    path: Path, error: type[PhosphoT5Error] = PhosphoT5Error, *, missing: str, damaged: str
) -> dict[str, Any]:
    """Read a JSON file whose content is an object.

    Parameters
    ----------
    path : Path
        The file, UTF-8.
    error : type of PhosphoT5Error
        What to raise.
    missing, damaged : str
        What to do where there is no such file, and where it is no JSON object.

    Raises
    ------
    PhosphoT5Error
        In both cases; of the kind ``error``.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise error(f"{path}: not found; {missing}") from None
    except OSError as fault:
        raise error(f"{path}: cannot be read ({fault.strerror}); {damaged}") from fault
    except RecursionError:
        raise error(f"{path}: is nested too deeply; {damaged}") from None
    except ValueError as fault:  # also text that is no UTF-8, and numbers of thousands of digits
        raise error(f"{path}: is no valid JSON ({fault}); {damaged}") from fault
    if not isinstance(content, dict):
        raise error(f"{path}: holds no JSON object; {damaged}")
    return content


def finite(value: Any) -> Any:
    """Replace numbers that JSON cannot carry by None, at any depth."""
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
