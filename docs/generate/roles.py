"""Hook of mkdocs: roles of reStructuredText in docstrings become plain code in the API reference."""

import re
from typing import Any

ROLE = re.compile(
    r":(?:attr|class|data|func|meth|mod):<code>(?:([^<&]+?) &lt;[^<]*&gt;|~(?:\w+\.)*(\w+)|([^<]+))</code>"
)


def on_page_content(html: str, **kwargs: Any) -> str:
    """Keep the title of a role, or the last part of a name that begins with a tilde."""
    return ROLE.sub(lambda match: f"<code>{match[1] or match[2] or match[3]}</code>", html)
