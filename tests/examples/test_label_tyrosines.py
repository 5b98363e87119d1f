"""Y labels from the sites that KSTAR ships, on made-up proteins in a package of the same layout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "label_tyrosines.py"
HEAD = "KSTAR_NUM_COMPENDIA,KSTAR_ACCESSION,KSTAR_SITE"


def residues(seed: int) -> str:
    """Return 120 residues."""
    return "".join(np.random.default_rng(seed).choice(list("ACDEFGHIKLMNPQRSTVWY"), 120))


@pytest.fixture
def write(tmp_path: Path):
    """Write a file of records or, under a name that ends in .whl, a package with proteome and sites."""

    def file(name: str, records: dict[str, str], sites: tuple[str, ...] = ()) -> str:
        path = tmp_path / name
        if path.suffix != ".whl":
            path.write_text("".join(f">{id} a note\n{sequence}\n" for id, sequence in records.items()))
            return str(path)
        proteome = "".join(
            f">sp|{id}|X_HUMAN beta->alpha OS=x\n{s[:60]}\n{s[60:]}\n" for id, s in records.items()
        )
        with zipfile.ZipFile(path, "w") as package:
            package.writestr("kstar/RESOURCE_FILES/humanProteome.fasta", proteome)
            package.writestr("kstar/RESOURCE_FILES/HumanPhosphoProteome.csv", "\n".join([HEAD, *sites, ""]))
        return str(path)

    return file


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False
    )


def test_proteins_with_a_site_get_labels(write, tmp_path: Path) -> None:
    one, close, without, other = (
        "MYSYKTY" + residues(1),
        "MY" + residues(2),
        "MGYY" + residues(3),
        residues(4),
    )
    sites = ("2,A,Y4", "1,A,S3", "1,A,Y6", "1,A,Y900", "1,B,Y2", "1,C,T1", "1,Z,Y2")
    wheel = write("kstar.whl", {"A": one, "B": close, "C": without}, sites)
    train = write("train.fasta", {"P1": "MY@S#YKTY" + residues(1), "P2": close, "P3": without, "P4": other})
    test = write("test.fasta", {"T": "G" + close[:-2]})
    result = run(wheel, train, "--apart-from", test, "-o", str(tmp_path / "out.fasta"))
    assert result.returncode == 0, result.stderr
    head, marked = (tmp_path / "out.fasta").read_text().splitlines()
    assert head == ">P1 labelled=Y"
    assert marked == one.replace("Y", "Y@").replace("MY@SY@", "MY@SY#", 1)
    assert (
        "4 proteins read, 2 with a Y site, 1 of them left out as homologs; 1 written with 1 positive"
        in result.stdout
    )


def test_what_is_no_package_is_refused(write, tmp_path: Path) -> None:
    train = write("train.fasta", {"P": "MY"})
    result = run(train, train, "--apart-from", train, "-o", str(tmp_path / "out.fasta"))
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: {train}: no wheel of kstar")
    assert not (tmp_path / "out.fasta").exists()


def test_a_file_is_not_written_over(write) -> None:
    train = write("train.fasta", {"P": "MY"})
    result = run(train, train, "--apart-from", train, "-o", train)
    assert (result.returncode, "exists" in result.stderr) == (1, True)
