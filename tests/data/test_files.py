"""Files as a whole."""

import hashlib

import pytest

from phosphot5.errors import InputFileError, OutputFileError
from phosphot5.output import atomic_folder, check_folder
from phosphot5.record.fingerprints import file_digest


def test_digest_of_a_file(tmp_path):
    (tmp_path / "big").write_bytes(b"ab" * (1 << 20))
    assert file_digest(str(tmp_path / "big")) == hashlib.sha256(b"ab" * (1 << 20)).hexdigest()
    with pytest.raises(InputFileError, match=r"none: cannot be read \(No such file or directory\); check"):
        file_digest(str(tmp_path / "none"))


def test_folder_appears_when_complete(tmp_path):
    target = tmp_path / "out"
    with atomic_folder(target) as folder:
        (folder / "a.txt").write_text("new")
        assert not target.exists()
    assert (target / "a.txt").read_text() == "new"
    assert [item.name for item in tmp_path.iterdir()] == ["out"]


def test_interrupted_folder_leaves_nothing_and_keeps_the_old(tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    (target / "a.txt").write_text("old")

    def interrupted():
        with atomic_folder(target, overwrite=True, replaceable=["a.txt"]) as folder:
            (folder / "a.txt").write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (target / "a.txt").read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["out"]


def test_folder_that_may_not_be_replaced(tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    check_folder(target)
    (target / "b.txt").write_text("mine")
    with pytest.raises(OutputFileError, match="already exists; choose another name or remove it"):
        check_folder(target)
    with pytest.raises(OutputFileError, match="holds b.txt, which this command does not write"):
        check_folder(target, overwrite=True, replaceable=["a.txt"])
    with pytest.raises(OutputFileError, match="not a folder"):
        check_folder(target / "b.txt")
    with pytest.raises(OutputFileError, match="its parent folder does not exist"):
        check_folder(tmp_path / "no" / "out")
    with atomic_folder(target, overwrite=True, replaceable=["b.txt"]) as folder:
        (folder / "c.txt").touch()
    assert [item.name for item in target.iterdir()] == ["c.txt"]
