"""Parts of an output: what is complete counts, nothing of others is touched, every refusal says why."""

import pytest

from phosphot5.errors import OutputFileError
from phosphot5.prediction.output_parts import OutputParts


@pytest.fixture
def parts(tmp_path):
    """Parts with the second of three finished."""
    parts = OutputParts(str(tmp_path / "out.txt"))
    parts.begin({"input": "a"}, resume=False)
    write(parts, 1)
    return parts


def write(parts, number):
    with parts.part(number) as (handle, counts):
        handle.write(f"part {number}\r\n")
        counts["lines"] += 1


def test_merge_in_order(parts, tmp_path):
    for number in (2, 0):
        write(parts, number)
    assert parts.finished() == {number: {"lines": 1} for number in range(3)}
    parts.merge(range(3), "header\n", overwrite=False)
    assert (tmp_path / "out.txt").read_bytes() == b"header\npart 0\r\npart 1\r\npart 2\r\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


def test_missing_part_is_named(parts, tmp_path):
    with pytest.raises(OutputFileError, match=r"out.txt.parts: part 0 is missing; run again with --resume"):
        parts.merge(range(3), "", overwrite=False)
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt.parts"]


def write_half(parts, number):
    with parts.part(number) as (handle, _):
        handle.write("half")
        raise ZeroDivisionError


def test_part_with_an_error_is_not_finished(parts):
    with pytest.raises(ZeroDivisionError):
        write_half(parts, 0)
    assert sorted(path.name for path in parts.folder.iterdir()) == ["000001.json", "000001.part", "job.json"]
    assert list(parts.finished()) == [1]


def test_begin_again_removes_parts(parts):
    (parts.folder / ".000002.part.tmp").write_text("left by a kill")
    parts.begin({"input": "b"}, resume=False)
    assert [path.name for path in parts.folder.iterdir()] == ["job.json"]


def test_resume_needs_the_same_job(parts):
    parts.begin({"input": "a"}, resume=True)
    assert list(parts.finished()) == [1]
    with pytest.raises(
        OutputFileError, match=r"different settings: input \(was a, now b\), seed \(was None, now 1\); use"
    ):
        parts.begin({"input": "b", "seed": 1}, resume=True)
    with pytest.raises(
        OutputFileError, match=r"different settings: input \(was a, now 01234567890123456789...\); use"
    ):
        parts.begin({"input": "0123456789" * 5}, resume=True)


def test_check_refuses_what_cannot_be_written(tmp_path):
    (tmp_path / "mine").write_text("")
    for name, message in (
        (".", "not a file; give a file name, or - for standard output"),
        ("mine", "mine: already exists; choose another name or ask to overwrite it"),
        ("no/out", "no/out: its folder does not exist; create it first"),
    ):
        parts = OutputParts(str(tmp_path / name))
        with pytest.raises(OutputFileError, match=message), parts.owned(resume=True, overwrite=False):
            pytest.fail("the output was given away")
    with OutputParts(str(tmp_path / "mine")).owned(resume=False, overwrite=True):
        pass


def test_a_file_in_place_of_the_folder_stays(tmp_path):
    (tmp_path / "out.parts").write_text("mine")
    with pytest.raises(
        OutputFileError, match=r"out.parts: not a folder of parts; remove it or choose another"
    ):
        OutputParts(str(tmp_path / "out")).begin({}, resume=False)
    assert (tmp_path / "out.parts").read_text() == "mine"


def test_folder_that_cannot_be_made(tmp_path):
    with pytest.raises(OutputFileError, match=r"out.parts: cannot be written \(No such file or directory\)"):
        OutputParts(str(tmp_path / "gone" / "out")).begin({}, resume=False)
