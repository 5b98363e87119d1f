"""Training recipes: one commented YAML file each."""

from pathlib import Path

__all__ = ["packaged_recipes"]


def packaged_recipes() -> dict[str, Path]:
    """Return name and path of the recipes that come with the package."""
    return {path.stem: path for path in sorted(Path(__file__).parent.glob("*.yaml"))}
