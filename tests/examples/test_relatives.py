"""Labels by similarity: the package of sequences, the alignment, and which relatives are labelled."""

import io
import lzma
import struct
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from phosphot5.data import Protein, SiteState
from phosphot5.errors import PhosphoT5Error

EXAMPLES = Path(__file__).parents[2] / "examples"
CODES = "-ABCDEFGHIKLMNPQRSTVWXYZU*OJ"


@pytest.fixture
def relatives(monkeypatch: pytest.MonkeyPatch):
    """The module, which lies beside the scripts that use it."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.delitem(sys.modules, "relatives", raising=False)
    import relatives

    return relatives


def residues(seed: int, length: int = 120) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACDEFGHIKLMNPQRSTVWY"), length))


def changed(sequence: str, share: float, keep: int) -> str:
    """Replace a share of the residues, but not the one to keep."""
    draw = np.random.default_rng(9)
    letters = list(sequence)
    for position in draw.choice(len(letters), int(share * len(letters)), replace=False):
        if position != keep:
            letters[position] = "AG"[letters[position] == "A"]
    return "".join(letters)


def database(records: dict[str, str]) -> dict[str, bytes]:
    """A BLAST database of version 4, as makeblastdb writes it."""
    titles, codes, starts = b"", b"\x00", [[0], [1]]
    for name, sequence in records.items():
        title = f"{name}|GO:0004672".encode()
        titles += b"0\x800\x80\xa0\x80\x1a" + (
            bytes([len(title)]) if len(title) < 128 else b"\x81" + bytes([len(title)])
        )
        titles += title + b"\x00\x00"
        codes += bytes(CODES.index(residue) for residue in sequence) + b"\x00"
        starts[0].append(len(titles))
        starts[1].append(len(codes))
    index = struct.pack(">II", 4, 1) + b"".join(struct.pack(">I", len(t)) + t for t in (b"title", b"day"))
    index += (
        struct.pack(">I", len(records)) + struct.pack("<Q", len(codes)) + struct.pack(">I", max(starts[1]))
    )
    index += np.array(starts, dtype=">u4").tobytes()
    return {"pin": index, "phr": titles, "psq": codes}


def package(path: Path, parts: dict[str, dict[str, str]]) -> Path:
    """A package of Debian: an ar archive with a tar archive in it."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for part, records in parts.items():
            for kind, data in database(records).items():
                info = tarfile.TarInfo(
                    f"./usr/share/metastudent-data/dataset_201401/{part}/goasp.fasta.{kind}"
                )
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    members = {
        b"debian-binary": b"2.0\n",
        b"control.tar.xz": b"odd",
        b"data.tar.xz": lzma.compress(content.getvalue()),
    }
    path.write_bytes(
        b"!<arch>\n"
        + b"".join(
            name.ljust(48) + str(len(data)).encode().ljust(10) + b"`\n" + data + b"\n" * (len(data) % 2)
            for name, data in members.items()
        )
    )
    return path


def test_the_package_is_read(relatives, tmp_path: Path) -> None:
    long_name = "Q" * 130
    parts = {"MFO": {"P1": "MSTYUOBZJX"}, "BPO": {"P1": "MSTYUOBZJX", "P2": "MS*"}, "CCO": {long_name: "MW"}}
    found = relatives.read_package(package(tmp_path / "p.deb", parts))
    assert found == {"P1": "MSTYUOBZJX", long_name: "MW"}


def test_what_is_no_package_is_refused(relatives, tmp_path: Path) -> None:
    path = tmp_path / "p.deb"
    for content in (b"", b"nothing of the kind", b"!<arch>\n"):
        path.write_bytes(content)
        with pytest.raises(PhosphoT5Error, match=r"p\.deb: no package metastudent-data of Debian"):
            relatives.read_package(path)


def test_labels_go_to_the_residue_opposite(relatives) -> None:
    states = bytes([0, 1, 0, 2, 2, 0])  # M S# P T@ S@ T
    known = Protein(id="K", sequence="MSPTST", states=states)
    assert relatives.transfer(known, "MSPTST", "ST", (1, 1, "6M")) == states
    # without the M: opposite an unlabelled T nothing is known, and beyond the alignment it is negative
    assert relatives.transfer(known, "SPSSTS", "ST", (2, 1, "5M")) == bytes([1, 0, 2, 2, 0, 2])
    # a T opposite a positive S is positive, an A is none; gaps on either side
    assert relatives.transfer(known, "MAATPS", "ST", (1, 1, "1M2D1M1I1M")) == bytes([0, 0, 0, 1, 0, 2])


def test_relatives_are_labelled(relatives, monkeypatch: pytest.MonkeyPatch) -> None:
    sequence = residues(3, 50) + "S" + residues(1)
    known = Protein(
        id="K",
        sequence=sequence,
        states=bytes(1 if i == 50 else 2 if r in "ST" else 0 for i, r in enumerate(sequence)),
    )
    near, lost, close = changed(sequence, 0.12, 50), list(sequence), changed(sequence, 0.02, 50)
    near = near[:25] + "AAA" + near[25:]
    lost[50] = "A"
    pool = {"near": near, "lost": changed("".join(lost), 0.12, 50), "close": close, "other": residues(2)}
    monkeypatch.setattr(relatives, "well_known", lambda pool, residues: [])
    itself = {"itself": sequence}  # has labels of its own
    (found,) = relatives.label_relatives([known], itself | pool, "ST")
    assert (found.id, found.sequence, found.description) == ("near", near, "labelled=ST like=K")
    assert found.states[53] == SiteState.POSITIVE
    assert {found.states[i] for i, r in enumerate(near) if r in "ST" and i != 53} == {SiteState.NEGATIVE}


def test_well_known_sites_must_be_there(relatives) -> None:
    with pytest.raises(PhosphoT5Error, match="O48814 has no S at 236"):
        relatives.well_known({"O48814": "MSTY"}, "ST")
