"""One source through two of its formats gives the same labels: all pairs."""

from itertools import combinations

import pytest
from sources import SOURCES

PAIRS = [(source, *pair) for source, formats in SOURCES.items() for pair in combinations(formats, 2)]
NO_FASTA = {"text", "xml", "json", "tsv", "sequences"}
"""Formats that have the sequences."""
LABELS = {
    "fragpipe": {"Q11111": "S3 Y10 S13 S15"},  # of a shared peptide it gives one protein
    "uniprot": {"Q11111": "S3 Y10"},
    "diann": {"Q11111": "S3 S13 S15"},
}


@pytest.mark.parametrize(("source", "one", "other"), PAIRS)
def test_the_same_labels(labels, source, one, other):
    strict = {"localisation": 0.9} if source == "diann" else {}  # its matrix has no others
    found = [
        labels(SOURCES[source][name], fasta=None, **strict)[0]
        if name in NO_FASTA
        else labels(SOURCES[source][name], **strict)[0]
        for name in (one, other)
    ]
    assert found[0] == found[1] == LABELS.get(source, {"Q11111": "S3 Y10 S13 S15", "Q22222": "Y20"})


@pytest.mark.parametrize("container", ["excel", "parquet", "gzip", "utf-16", "quoted"])
@pytest.mark.parametrize("source", [source for source in SOURCES if source != "uniprot"])
def test_the_same_labels_in_another_container(labels, tmp_path, source, container):
    for name, text in SOURCES[source].items():
        if text.startswith((">", "MTD", "011624")) or ";" in text.partition("\n")[0]:
            continue
        path = contain(text, container, tmp_path / name.replace(" ", "_"))
        assert labels(path) == labels(text)


def contain(text, container, path):
    """Write a table in another container."""
    rows = [line.split("\t") for line in text.splitlines()]
    if container == "excel":
        book = pytest.importorskip("openpyxl").Workbook()
        for row in rows:
            book.active.append([as_number(cell) for cell in row])
        book.save(path)
    elif container == "parquet":
        import pyarrow as pa
        from pyarrow import parquet

        columns = zip(*rows, strict=True)
        parquet.write_table(
            pa.table({name: [cell or None for cell in cells] for name, *cells in columns}), path
        )
    elif container == "gzip":
        import gzip

        path.write_bytes(gzip.compress(text.encode()))
    else:
        quoted = "".join("\t".join(f'"{cell}"' for cell in row) + "\r\n" for row in rows)
        path.write_bytes(
            (text if container == "utf-16" else quoted).encode("utf-16" if container == "utf-16" else "utf-8")
        )
    return path


def as_number(cell):
    try:
        return float(cell)
    except ValueError:
        return cell or None
