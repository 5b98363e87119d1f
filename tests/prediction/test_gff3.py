"""GFF3 as its specification has it (1.26), checked rule by rule, and read by other programs."""

import io
import re
import shutil
import subprocess
from urllib.parse import unquote

import pytest

from phosphot5.data import Protein, parse
from phosphot5.modeling_phosphot5.sites_phosphot5 import site_rows
from phosphot5.prediction.formats import FORMATS

NAN = float("nan")
TABLE = {residue: {"fpr": [0.01, 0.05, 0.2], "probability": [0.9, 0.6, 0.3]} for residue in "STY"}
NAMES = [
    "sp|P1;2|A%B",
    '"q"',
    "#c",
    "a#b",
    ">x",
    "\u03b2",
    "x;y=z",
    "a,b&c",
    "'",
    "=1",
    "##gff",
    "bell\x07",
]
KINASES = {"kinase": 'P"K;A=%,', "kinase_probability": 0.5, "kinase_fpr": None}

SEQID = re.compile(r"[a-zA-Z0-9.:^*$@!+_?|%-]+")
REGION = re.compile(r"##sequence-region (\S+) (\d+) (\d+)")
VALUE = re.compile(r"(?:[^\x00-\x1f\x7f%;=&,\"\\]|%[0-9A-F]{2})+")
RESERVED = {
    "ID",
    "Name",
    "Alias",
    "Parent",
    "Target",
    "Gap",
    "Derives_from",
    "Note",
    "Dbxref",
    "Ontology_term",
}
TYPES = {"modified_L_serine", "modified_L_threonine", "modified_L_tyrosine"}
"""Terms of the Sequence Ontology: SO:0001399, SO:0001392 and SO:0001405."""


def faults(text):
    """Yield what is against the specification."""
    lines = text.split("\n")
    if lines[0] != "##gff-version 3":
        yield "version"
    if lines.pop() != "":
        yield "last line"
    regions, ids = {}, set()
    for line in lines[1:]:
        if line.startswith("#"):
            region = REGION.fullmatch(line)
            if not region or region[1] in regions or not SEQID.fullmatch(region[1]):
                yield f"directive: {line}"
            else:
                regions[region[1]] = int(region[2]), int(region[3])
            continue
        cells = line.split("\t")
        if len(cells) != 9 or "" in cells:
            yield f"columns: {line}"
            continue
        yield from cell_faults(cells, regions, ids)


def cell_faults(cells, regions, ids):
    """Yield what is wrong with the cells of a feature."""
    seqid, source, kind, start, end, score, strand, phase, attributes = cells
    low, high = regions.get(seqid, (0, -1))
    checks = {
        "seqid": SEQID.fullmatch(seqid) and not seqid.startswith(">"),
        "source": VALUE.fullmatch(source),
        "type": kind in TYPES,
        "place": start.isdigit() and end.isdigit() and low <= int(start) <= int(end) <= high,
        "score": re.fullmatch(r"\.|\d+(\.\d+)?([eE][+-]?\d+)?", score),
        "strand": strand in ("+", "-", ".", "?"),
        "phase": phase == ".",  # CDS alone has one
    }
    yield from (f"{name}: {cells}" for name, good in checks.items() if not good)
    pairs = [pair.split("=") for pair in attributes.split(";")]
    if any(len(pair) != 2 or not all(VALUE.fullmatch(part) for part in pair) for pair in pairs):
        yield f"attributes: {attributes}"
        return
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names) or any(n[0].isupper() and n not in RESERVED for n in names):
        yield f"names of attributes: {attributes}"
    for name, value in pairs:
        if name == "ID" and value in ids:
            yield f"ID twice: {value}"
        ids |= {value} if name == "ID" else set()


@pytest.fixture
def written():
    """Write proteins of odd names with gaps, a known site each, and kinases."""
    handle = io.StringIO()
    handle.write(FORMATS["gff3"].header)
    rows = []
    for name in NAMES:
        protein = Protein(id=name, **vars(parse("M-ST--YKS*", "plain")))
        positions = [protein.given_position(i) for i in range(1, len(protein) + 1)]
        scores = [NAN, 0.95, 0.62, NAN, NAN, 0.7]
        rows += site_rows(name, protein.sequence, scores, TABLE, positions, [protein.sequence.index("Y")])
        mine = [row | KINASES for row in rows[-4:]]
        FORMATS["gff3"].write(handle, protein, mine, "low")
    return handle.getvalue(), rows


def test_it_is_valid(written):
    text, rows = written
    assert list(faults(text)) == []
    assert sum(not line.startswith("#") for line in text.splitlines()) == len(rows) > 40


GOOD = "p\tx\tmodified_L_serine\t2\t2\t0.5\t.\t.\tID=a;Note=b;c=d\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("##gff-version 3", "##gff-version 2"),
        ("p\tx", "p q\tx"),
        ("modified_L_serine", "Modified residue"),
        ("\t2\t2\t", "\t2\t7\t"),
        ("\t2\t2\t", "\t2\t1\t"),
        ("0.5", "high"),
        ("\t.\t.\t", "\t0\t.\t"),
        ("\t.\t.\t", "\t.\t0\t"),
        ("Note=b", "Note=b=c"),
        ("Note=b", "Note=%2"),
        ("Note=b", 'Note="b"'),
        ("c=d", "C=d"),
        ("c=d", "Note=d"),
        ("c=d\n", "c=d;\n"),
        ("c=d\n", "c=d"),
        ("##sequence-region p 1 6\n", "##sequence-region p 1 6\n##sequence-region p 1 6\n"),
        (GOOD, GOOD + GOOD),
    ],
)
def test_the_validator_finds_faults(old, new):
    text = f"##gff-version 3\n##sequence-region p 1 6\n{GOOD}"
    assert list(faults(text)) == []
    assert list(faults(text.replace(old, new, 1)))


def test_it_comes_back_from_gffutils(written, tmp_path):
    gffutils = pytest.importorskip("gffutils")
    text, rows = written
    (tmp_path / "sites.gff3").write_text(text, encoding="utf-8")
    database = gffutils.create_db(str(tmp_path / "sites.gff3"), ":memory:")
    features = list(database.all_features(order_by="file_order"))
    assert [(unquote(f.seqid), f.start, f.end, f.featuretype) for f in features] == [
        (row["protein"], row["position"], row["position"], kind_of(row)) for row in rows
    ]
    assert [f.score for f in features] == [
        "." if row["probability"] is None else f"{row['probability']:.4f}" for row in rows
    ]
    for feature, row in zip(features, rows, strict=True):
        values = {name: value for name, (value,) in feature.attributes.items()}
        assert (values["residue"], values["call"], values["status"]) == (
            row["residue"],
            row["call"],
            row["status"],
        )
        assert (values["kinase"], values["kinase_probability"]) == (KINASES["kinase"], "0.5000")
        assert values.get("fpr") == (None if row["fpr"] is None else f"{row['fpr']:.4f}")


def kind_of(row):
    return {"S": "modified_L_serine", "T": "modified_L_threonine", "Y": "modified_L_tyrosine"}[row["residue"]]


@pytest.mark.skipif(shutil.which("gt") is None, reason="there is no gt: apt-get install genometools")
def test_genometools_finds_it_valid(written, tmp_path):
    (tmp_path / "sites.gff3").write_text(written[0], encoding="utf-8")
    command = ["gt", "gff3validator", "-typecheck", "so", str(tmp_path / "sites.gff3")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "input is valid GFF3\n"), done.stderr
