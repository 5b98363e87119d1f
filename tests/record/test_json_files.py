"""JSON that every parser reads."""

from phosphot5.record.json_files import finite


def test_numbers_that_json_cannot_carry_become_null():
    values = {"a": [float("inf"), 1.5], "b": {"c": (float("nan"),)}, "d": "text"}
    assert finite(values) == {"a": [None, 1.5], "b": {"c": [None]}, "d": "text"}
