"""The model that comes with the package."""

from importlib import resources
from pathlib import Path

__all__ = ["bundled_folder"]


def bundled_folder() -> Path:
    """Return the folder of the model that comes with the package."""
    return Path(str(resources.files(__name__)))
