"""The check of sizes can fail."""

import pytest
from sizes import violations


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("x = 1\n" * 401, "401 lines, at most 400"),
        ("def f():\n" + "    x = 1\n" * 51, "f has 51 lines, at most 50"),
    ],
)
def test_what_is_too_long_is_named(source, told):
    (line,) = violations("x.py", source)
    assert told in line


def test_signature_and_docstring_do_not_count():
    source = "def f(\n" + "    a,\n" * 60 + "):\n" + '    """Say\n' + "\n" * 60 + '    """\n    return 1\n'
    assert list(violations("x.py", source)) == []
