"""Files as a whole."""

import hashlib

import pytest

from phosphot5.data import file_digest
from phosphot5.errors import InputFileError


def test_digest_of_a_file(tmp_path):
    (tmp_path / "big").write_bytes(b"ab" * (1 << 20))
    assert file_digest(str(tmp_path / "big")) == hashlib.sha256(b"ab" * (1 << 20)).hexdigest()
    with pytest.raises(
        InputFileError, match=r"none: cannot be read \(No such file or directory\); check what"
    ):
        file_digest(str(tmp_path / "none"))
