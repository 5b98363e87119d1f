"""Damaged files of every format: accepted, or refused in one line; never a traceback, never more than linear time."""

import random
import time

import pytest
from proteins import FASTA, labels_of
from sources import SOURCES
from standards import PEFF, mzidentml, pepxml

from phosphot5.errors import PhosphoT5Error

TEXTS = {f"{source} {name}": text for source, formats in SOURCES.items() for name, text in formats.items()}
TEXTS |= {"mzidentml": mzidentml(), "pepxml": pepxml(), "peff": PEFF}
FORMS = {
    "own mztab": "mztab",
    "own peptides": "peptides",
    "mzidentml": "mzidentml",
    "pepxml": "pepxml",
    "peff": "peff",
}
SNIPPETS = [
    "\t",
    ";",
    '"',
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "|",
    ":",
    "-",
    "#",
    "x",
    "9" * 400,
    "\0",
    "\x1b[2J",
    "\n",
    "é",
    "<",
    "&",
]


def damaged(text, rng):
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(text) + 1)
        kind = rng.random()
        if kind < 0.4:
            text = text[:at] + rng.choice(SNIPPETS) + text[at:]
        elif kind < 0.8:
            text = text[:at] + text[at + rng.choice((1, 1, 3, 20)) :]
        else:
            text = text[:at]
        if not text:
            return "x"
    return text


def attempt(path, fasta, form, **options):
    try:
        return labels_of(path, fasta, form, **options)
    except PhosphoT5Error as error:
        message = str(error)
        assert len(message) <= 300
        assert message.isprintable()
        return message


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("skip_bad", [False, True])
def test_damaged_text(write, name, skip_bad):
    rng = random.Random(name)
    fasta = write(FASTA, "p.fasta")
    form = FORMS.get(name)
    if form in ("mzidentml", "pepxml"):
        pytest.importorskip("lxml")
    for number in range(40):
        attempt(
            write(damaged(TEXTS[name], rng), "damaged"),
            fasta,
            form if number % 2 else None,
            skip_bad=skip_bad,
        )


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_damaged_sheets(tmp_path, write, kind):
    text = SOURCES["diann"]["report"]
    rows = [line.split("\t") for line in text.splitlines()]
    path = tmp_path / f"whole.{kind}"
    if kind == "xlsx":
        book = pytest.importorskip("openpyxl").Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    else:
        import pyarrow as pa
        from pyarrow import parquet

        columns = zip(*rows, strict=True)
        parquet.write_table(pa.table({name: cells for name, *cells in columns}), path)
    whole, rng = path.read_bytes(), random.Random(kind)
    for _ in range(40):
        content = bytearray(whole)
        for _ in range(3):
            content[rng.randrange(4, len(content))] = rng.randrange(256)
        cut = rng.choice((len(content), rng.randrange(4, len(content))))
        (tmp_path / f"damaged.{kind}").write_bytes(bytes(content[:cut]))
        attempt(tmp_path / f"damaged.{kind}", write(FASTA, "p.fasta"), "diann")


@pytest.mark.parametrize(
    "cell",
    ["(" * 50_000, "[" * 50_000, "S(" * 25_000, "A[1" * 20_000, "S(0.9" * 20_000, "_" * 50_000, ":" * 50_000,
     "1xPhospho [" * 5_000, "S1(Phospho): " * 5_000, "P1:S" * 20_000, "3[" * 20_000, "9" * 50_000, "n[" * 20_000],
)  # fmt: skip
def test_long_cells_take_linear_time(write, cell):
    fasta = write(FASTA, "p.fasta")
    began = time.perf_counter()
    for header, row in (
        ("modified_sequence\tprotein", f"{cell}\tQ11111"),
        ("Annotated Sequence\tModifications\tMaster Protein Accessions", f"SDS\t{cell}\tQ11111"),
        ("Modifications in Master Proteins", cell),
        ("Protein.Sites", cell),
        ("Index\tGene\tProtein", f"{cell}\tG\tQ11111"),
        ("Entry\tModified residue", f"Q11111\t{cell}"),
        ("accession\tposition", f"{cell}\t{cell}"),
        ("Modified.Sequence\tProtein.Ids\tRun\tSite.Occupancy.Probabilities", f"SDSPGR\tQ11111\ta\t{cell}"),
    ):
        attempt(write(f"{header}\n{row}\n", "t.tsv"), fasta, None)
    attempt(
        write(f"MTD\tmzTab-version\t1\nPSH\tsequence\taccession\tmodifications\nPSM\tS\tQ\t{cell}\n", "m"),
        fasta,
        None,
    )
    attempt(write(f">sp:A \\ModRes=({cell}\nMS\n", "p.peff"), fasta, "peff")
    assert time.perf_counter() - began < 10
