"""The templates of the cards, and how values are written into them."""

import json
from pathlib import Path

import jinja2

__all__ = ["card_template"]


def card_template(name: str) -> jinja2.Template:
    """Return a template of the folder ``templates``; a value that it names and is not given is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = lambda value: str(value).replace("|", "\\|").replace("\n", " ")
    environment.filters["setting"] = lambda value: (
        value if isinstance(value, str) else json.dumps(value, default=str)
    )
    return environment.get_template(name)
