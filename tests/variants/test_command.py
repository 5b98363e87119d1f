"""``phosphot5 variants`` as its users meet it: tables, refusals, scans, and scores equal to those of whole proteins."""

import csv
import http.server
import json
import logging
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from phosphot5.bundled import bundled_folder
from phosphot5.cli.main import main
from phosphot5.data import Protein, read_fasta
from phosphot5.prediction.graph import GRAPH_FILE, ScoringGraph
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.runtime import GraphRuntime, TorchRuntime
from phosphot5.prediction.scoring import score_proteins
from phosphot5.variants.comparison import SITE_COLUMNS, SUMMARY_COLUMNS
from phosphot5.variants.scoring import compare
from phosphot5.variants.wild_types import substitutions

EXAMPLES = Path(__file__).parents[2] / "examples" / "proteins.fasta"


@pytest.fixture
def variants(tmp_path, capsys, caplog, monkeypatch):
    """Run the command; gives exit code, sites, summaries, and what was logged and said."""
    caplog.set_level(logging.INFO)
    monkeypatch.chdir(tmp_path)

    def run(*arguments, fasta=EXAMPLES, output="sites.tsv", summary="variants.tsv"):
        code = main(["variants", *arguments, "--fasta", str(fasta), "-o", output, "--summary", summary])
        tables = [
            list(csv.DictReader(Path(name).read_text().splitlines(), delimiter="\t"))
            if name.endswith(".tsv") and Path(name).exists()
            else None
            for name in (output, summary)
        ]
        said = capsys.readouterr().err + caplog.text
        caplog.clear()
        return code, *tables, said

    return run


def test_tables(variants):
    code, sites, summaries, _ = variants("P04637:P47S", "P04637:p.Ser46Ala", "--change", "0.5")
    assert code == 0
    assert list(sites[0]) == list(SITE_COLUMNS)
    assert list(summaries[0]) == list(SUMMARY_COLUMNS)
    ser46 = next(row for row in sites if (row["variant"], row["position"]) == ("P47S", "46"))
    assert (ser46["change"], ser46["distance"]) == ("changed", "-1")
    assert float(ser46["log2_odds_ratio"]) < -1  # proline at +1 is gone
    assert ser46["window"] == "AMDDLMLSPDDIEQW"
    lost = next(row for row in sites if row["change"] == "lost")
    assert (lost["variant"], lost["position"], lost["variant_residue"]) == ("p.Ser46Ala", "46", "A")
    assert [row["status"] for row in summaries] == ["scored", "scored"]


def test_refused_variants_are_listed_in_order(variants):
    code, sites, summaries, err = variants(
        "P04637:R47S", "P04637:P47S", "Q99999:P1S", "P04637:p.Pro47fs", "P04637:P47S", "P04637:p.Pro47%3D"
    )
    assert code == 0
    assert [row["status"] for row in summaries] == [
        "refused",
        "scored",
        "refused",
        "refused",
        "scored",
        "refused",
    ]
    assert summaries[0]["reason"] == "another residue in the protein: P at 47, not R"
    assert {row["variant"] for row in sites} == {"P47S"}
    assert "refused: P04637:R47S: another residue in the protein: P at 47, not R" in err
    assert "4 variants refused: " in err
    assert "no such protein (1)" in err


def test_none_left(variants, tmp_path):
    code, _, _, err = variants("P04637:R47S")
    assert code == 1
    assert "no variant to score; 1 variant refused" in err
    assert not list(tmp_path.iterdir())


def test_files_of_variants(variants, tmp_path):
    (tmp_path / "list.txt").write_text("P04637:P47S\nP04637:p.Arg72Pro\n")
    (tmp_path / "table.csv").write_text("gene,uniprot,HGVSp\nTP53,P04637,p.Pro47Ser\nTP53,P04637,\n")
    _, _, summaries, err = variants("list.txt", "table.csv")
    assert [(row["variant"], row["source"], row["status"]) for row in summaries] == [
        ("P47S", "line 1", "scored"),
        ("p.Arg72Pro", "line 2", "refused"),
        ("p.Pro47Ser", "line 2", "scored"),
    ]
    assert "rows and records without a protein change: 1" in err


def test_formats_hold_the_same(variants, tmp_path):
    parquet, openpyxl = pytest.importorskip("pyarrow.parquet"), pytest.importorskip("openpyxl")
    arguments = ("P04637:P47S", "P04637:p.Arg196Ter")
    _, sites, summaries, _ = variants(*arguments)
    assert variants(*arguments, output="sites.jsonl", summary="variants.jsonl")[0] == 0
    assert variants(*arguments, output="sites.parquet", summary="variants.parquet")[0] == 0
    assert variants(*arguments, output="sites.csv", summary="variants.xlsx")[0] == 0
    assert variants(*arguments, output="sites.xlsx", summary="variants.csv")[0] == 0
    for name, rows in (("sites", sites), ("variants", summaries)):
        loaded = [json.loads(line) for line in Path(f"{name}.jsonl").read_text().splitlines()]
        table = parquet.read_table(f"{name}.parquet")
        assert table.to_pylist() == loaded
        assert table.schema.metadata[b"phosphot5.input"] == b"P04637:P47S, P04637:p.Arg196Ter"
        assert list(csv.DictReader(Path(f"{name}.csv").read_text().splitlines())) == rows
        header, *values = openpyxl.load_workbook(f"{name}.xlsx")["sites"].values
        assert [dict(zip(header, row, strict=True)) for row in values] == loaded
        shown = [
            {key: "" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
             for key, value in row.items()}
            for row in loaded
        ]  # fmt: skip
        assert shown == rows


def test_more_rows_than_excel_holds_are_refused(variants, monkeypatch, tmp_path):
    monkeypatch.setattr("phosphot5.prediction.tables.MOST_EXCEL_ROWS", 3)
    code, *_, err = variants("P04637:P47S", "--change", "0", output="sites.xlsx")
    assert code == 1
    assert "sites.xlsx: xlsx holds at most 3 rows; write .parquet, .csv or .tsv instead" in err
    assert not list(tmp_path.glob("*sites*"))


def test_scan(variants, tmp_path):
    (tmp_path / "short.fasta").write_text(">a\nMSPKTRYLAV\n>b\nMSP\n")
    _, sites, summaries, _ = variants("--all", "a", "--change", "0", fasta=tmp_path / "short.fasta")
    assert [len(summaries), summaries[0]["variant"], summaries[-1]["variant"]] == [190, "M1A", "V10Y"]
    assert sum(row["change"] == "lost" for row in sites) == 3 * 19 - 3 * 2
    assert sum(row["change"] == "gained" for row in sites) == 7 * 3
    _, _, summaries, _ = variants("--all", "--overwrite", fasta=tmp_path / "short.fasta")
    assert len(summaries) == 13 * 19


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no variant given"),
        (["--all", "Q99999"], "no such protein: Q99999"),
        (["missing.txt"], "neither a file nor a variant"),
        (["P04637:P47S", "--uniprot", "http://127.0.0.1:1"], "--uniprot has no effect with --fasta"),
    ],
)
def test_wrong_arguments(variants, arguments, message):
    code, _, _, err = variants(*arguments)
    assert code == 1
    assert message in err


def test_outputs_are_kept_apart(variants, tmp_path):
    assert "name two files" in variants("P04637:P47S", summary="sites.tsv")[-1]
    (tmp_path / "list.tsv").write_text("P04637:P47S\n")
    assert "is also an input" in variants("list.tsv", "--overwrite", summary="list.tsv")[-1]
    assert "unknown ending" in variants("P04637:P47S", summary="variants.doc")[-1]
    assert "already exists" in [variants("P04637:P47S"), variants("P04637:P47S")][1][-1]


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "x"])
def test_threshold_must_be_a_size(variants, text):
    with pytest.raises(SystemExit):
        variants("P04637:P47S", "--change", text)


@pytest.fixture(scope="module")
def runtimes(tiny_folder):
    return {
        "onnx": GraphRuntime(ScoringGraph(bundled_folder() / GRAPH_FILE)),
        "torch": TorchRuntime(str(tiny_folder), None, None, "cpu", "float32"),
    }


@pytest.mark.parametrize("name", ["onnx", "torch"])
def test_scores_equal_those_of_whole_proteins(runtimes, name):
    """Substitutions over all of a protein longer than any window, against scoring each changed protein alone."""
    runtime = runtimes[name]
    protein = next(read_fasta(EXAMPLES))
    chosen = list(substitutions(protein))[::797]
    for comparison in compare(runtime, chosen, threads=2):
        for sites, sequence in (
            (comparison.before, protein.sequence),
            (comparison.after, comparison.variant.changed.sequence),
        ):
            alone = Protein(id="alone", sequence=sequence)
            if name == "onnx":
                expected = runtime.graph.score(alone)
            else:
                (_, expected), = score_proteins(load_model(runtime.source[0])[0], [alone], threads=1)  # fmt: skip
            np.testing.assert_allclose(sites.scores, expected, rtol=0, atol=1e-6)


def test_a_change_reaches_every_site(runtimes):
    """Why a scan scores whole proteins: no part of one is out of reach."""
    protein = next(read_fasta(EXAMPLES))
    (comparison,) = compare(runtimes["onnx"], [next(substitutions(protein))], threads=1)
    last = max(comparison.before.probabilities)
    assert last > 390
    assert comparison.before.probabilities[last] != comparison.after.probabilities[last]


def test_without_torch(tmp_path):
    """The light installation has neither torch nor transformers."""
    code = (
        "import sys\n"
        "sys.modules['torch'] = sys.modules['transformers'] = None\n"
        "from phosphot5.cli.main import main\n"
        f"sys.exit(main(['variants', 'P04637:P47S', '--fasta', {str(EXAMPLES)!r}, '--runtime', 'onnx']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^P04637\tP47S\t\tchanged\t46\tS\t", done.stdout, re.MULTILINE)


class Entries(http.server.BaseHTTPRequestHandler):
    """UniProt's REST service with one entry."""

    def do_GET(self):
        text = b">sp|P11111|X_TEST made up\nMSPKTRYLAV\n"
        self.send_response(200 if self.path == "/uniprotkb/P11111.fasta" else 404)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def uniprot():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Entries) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_proteins_from_uniprot(uniprot, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = [
        "variants",
        "P11111:p.Pro3Ser",
        "NP_1.1:p.Pro3Ser",
        "--uniprot",
        uniprot,
        "--summary",
        "v.tsv",
    ]
    assert main([*arguments, "-o", "sites.tsv"]) == 0
    with open("v.tsv", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    assert [(row["protein"], row["status"]) for row in rows] == [
        ("sp|P11111|X_TEST", "scored"),
        ("NP_1.1", "refused"),
    ]


def test_names_without_accession_need_a_file(capsys):
    assert main(["variants", "NP_1.1:p.Pro3Ser"]) == 1
    assert "give the proteins with --fasta" in capsys.readouterr().err
