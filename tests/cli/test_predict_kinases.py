"""``phosphot5 predict --kinases``: the best family beside each site, all families in a table of their own."""

import csv
import io
import json
import shutil
import subprocess
import sys

import pytest

from phosphot5.cli.main import main
from phosphot5.modeling_phosphot5.families_phosphot5 import FAMILY_COLUMNS, KINASE_COLUMNS
from phosphot5.modeling_phosphot5.sites_phosphot5 import COLUMNS
from phosphot5.prediction import job, runtime, scoring
from phosphot5.prediction.loading import load_model

PROTEINS = "".join(f">p{i} number {i}\nM{'SATAYR' * (1 + 7 * i % 11)}{'K' * (i % 3)}\n" for i in range(11))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with an input; what is finished of a part is kept after every second protein."""
    for module in (scoring, job):
        monkeypatch.setattr(module, "PROTEINS_AHEAD", 2)
    (tmp_path / "in.fasta").write_text(PROTEINS)
    (tmp_path / "known.tsv").write_text("protein\tposition\np2\t2\np9\t4\n")
    return tmp_path


@pytest.fixture
def predict(folder, kinase_folder, capsys):
    """Run the command; gives exit code, text of the output, and standard error."""

    def run(*options, output="out.tsv", source="in.fasta", model=kinase_folder):
        try:
            code = main(
                ["predict", str(folder / source), "-o", str(folder / output), "--model", str(model), *options]
            )
        except SystemExit as stop:
            code = stop.code
        path = folder / output
        text = path.read_text() if path.exists() else None
        return code, text, capsys.readouterr().err.replace(f"{folder}/", "")

    return run


def table(text):
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


def test_columns_stand_behind_the_others(predict):
    _, plain, _ = predict()
    code, text, _ = predict("--kinases", "--overwrite")
    assert code == 0
    assert text.splitlines()[0].split("\t") == [*COLUMNS, *KINASE_COLUMNS]
    assert [line.split("\t")[: len(COLUMNS)] for line in text.splitlines()] == [
        line.split("\t") for line in plain.splitlines()
    ]
    rows = table(text)
    assert {row["kinase"] for row in rows if row["residue"] == "Y"} == {"SRC"}
    assert {row["kinase"] for row in rows if row["residue"] != "Y"} <= {"PKA", "CK2"}  # AGC is a group
    assert all(0 <= float(row["kinase_probability"]) <= 1 for row in rows)
    assert {row["kinase_fpr"] == "" for row in rows if row["kinase"] == "CK2"} <= {True}
    assert {row["kinase_fpr"] == "" for row in rows if row["kinase"] != "CK2"} == {False}


def test_objects_and_table_say_the_same(predict):
    _, text, _ = predict("--kinases")
    _, lines, _ = predict("--kinases", output="out.jsonl")
    for row, found in zip(table(text), map(json.loads, lines.splitlines()), strict=True):
        assert list(found) == [*COLUMNS, *KINASE_COLUMNS]
        shown = {name: f"{found[name]:.4f}" for name in row if isinstance(found[name], float)}
        assert {name: "" if value is None else str(value) for name, value in (found | shown).items()} == row


def test_the_long_table(predict, folder):
    known = ("--known", str(folder / "known.tsv"))
    code, text, _ = predict("--kinases", "all", *known)
    assert code == 0
    assert text.splitlines()[0].split("\t") == list(FAMILY_COLUMNS)
    rows = table(text)
    sites = table(predict("--kinases", *known, output="sites.tsv")[1])
    for site in sites:
        of_site = [
            row for row in rows if (row["protein"], row["position"]) == (site["protein"], site["position"])
        ]
        expected = {"SRC"} if site["residue"] == "Y" else {"AGC", "PKA", "CK2"}
        assert {row["family"] for row in of_site} == expected
        levels = [float(row["family_probability"]) for row in of_site]
        assert levels == sorted(levels, reverse=True)
        best = next(row for row in of_site if row["family"] == site["kinase"])
        assert (best["family_probability"], best["family_fpr"], best["probability"]) == (
            site["kinase_probability"],
            site["kinase_fpr"],
            site["probability"],
        )
    given = [row for row in rows if (row["protein"], row["position"]) == ("p2", "2")]
    assert len(given) == 3
    assert {(row["family_fpr"], row["probability"]) for row in given} == {("", "")}
    lines = predict("--kinases", "all", *known, output="out.jsonl")[1].splitlines()
    assert [list(json.loads(line)) for line in lines] == [list(FAMILY_COLUMNS)] * len(rows)


def test_known_sites_change_the_families_of_the_others(predict, folder):
    alone = table(predict("--kinases")[1])
    known = table(predict("--kinases", "--known", str(folder / "known.tsv"), output="known_out.tsv")[1])
    changed = {
        row["protein"]
        for row, other in zip(alone, known, strict=True)
        if row["kinase_probability"] != other["kinase_probability"]
    }
    assert changed <= {"p2", "p9"}
    assert changed


@pytest.mark.parametrize("options", [["--kinases"], ["--kinases", "all"]])
def test_threads_parts_and_standard_streams_give_the_same_bytes(predict, folder, kinase_folder, options):
    _, text, _ = predict(*options, output="whole.tsv")
    assert predict(*options, "--threads", "3", output="threads.tsv")[1] == text
    assert predict(*options, "--resume", output="resumed.tsv")[1] == text
    for part in (2, 1):
        assert predict(*options, "--part", f"{part}/2")[0] == 0
    assert main(["merge", str(folder / "out.tsv")]) == 0
    assert (folder / "out.tsv").read_text() == text
    piped = subprocess.run(
        [sys.executable, "-m", "phosphot5", "predict", "-", "--model", str(kinase_folder), *options],
        input=PROTEINS,
        capture_output=True,
        text=True,
        check=True,
    )
    assert piped.stdout == text


def test_what_is_asked_of_kinases_is_a_setting(predict, folder):
    assert predict("--kinases", "--part", "1/2")[0] == 0
    assert predict("--kinases", "all", "--part", "2/2")[0] == 0
    assert main(["merge", str(folder / "out.tsv")]) == 1


def test_resume_with_another_question_is_refused(predict, monkeypatch):
    with monkeypatch.context() as patch:
        write = job.PredictionJob.write

        def failing(self, handle, counts, protein, rows):
            if protein.id == "p5":
                raise KeyboardInterrupt
            write(self, handle, counts, protein, rows)

        patch.setattr(job.PredictionJob, "write", failing)
        assert predict("--kinases", "--resume")[0] == 130
    code, _, error = predict("--resume")
    assert code == 1
    assert "was started with different settings: kinases (was True, now False)" in error
    assert predict("--kinases", "--resume")[0] == 0


def test_gff3_has_attributes(predict):
    code, text, _ = predict("--kinases", "--call", "low", output="out.gff3")
    assert code == 0
    features = [line.split("\t")[8] for line in text.splitlines() if not line.startswith("#")]
    assert features
    attributes = [dict(pair.split("=") for pair in feature.split(";")) for feature in features]
    assert all(set(some) >= {"kinase", "kinase_probability"} for some in attributes)
    plain = predict("--call", "low", output="plain.gff3")[1]
    assert [line.partition(";kinase=")[0] for line in text.splitlines()] == plain.splitlines()


@pytest.mark.parametrize(
    ("options", "output", "message"),
    [
        (
            ["--kinases"],
            "o.bed",
            "the format bed has no place for kinases; use tsv, csv, jsonl, parquet, xlsx, gff3 or html",
        ),
        (["--kinases"], "o.fasta", "--kinases: the format fasta has no place for kinases"),
        (["--kinases"], "o.proforma", "--kinases: the format proforma has no place for kinases"),
        (
            ["--kinases", "all"],
            "o.gff3",
            "--kinases all: the format gff3 has no place for kinases; use tsv, csv, jsonl, parquet or xlsx",
        ),
        (["--kinases", "best"], "o.tsv", "'best' is not all; put the input before --kinases"),
    ],
)
def test_what_has_no_place_is_refused(predict, options, output, message):
    code, text, error = predict(*options, output=output)
    assert (code, text) == (2 if "best" in options else 1, None)
    assert message in error


def test_a_model_without_a_head_is_refused_before_any_work(predict, tiny_folder):
    code, text, error = predict("--kinases", model=tiny_folder, source="missing.fasta")
    assert (code, text) == (1, None)
    (line,) = error.splitlines()
    assert line.endswith(
        "model: this model tells no families of kinases; use one whose configuration has kinase_families"
    )


def test_rates_are_those_of_the_kind_of_label(predict, kinase_folder, tmp_path):
    model, tokenizer = load_model(str(kinase_folder))
    config, target = model.config, tmp_path / "kinds"
    shutil.copytree(kinase_folder, target)
    told = json.loads((target / "config.json").read_text())
    low = {name: {"fpr": [0.5], "probability": [0.5]} for name in config.kinase_families}
    told |= {
        "label_sources": ["mass-spec", "curated"],
        "calibration": {kind: config.calibration for kind in ("mass-spec", "curated")},
        "fpr_table": {kind: config.fpr_table for kind in ("mass-spec", "curated")},
        "kinase_fpr_table": {"mass-spec": config.kinase_fpr_table, "curated": low},
    }
    from phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration

    kinds = PhosphoT5ForConditionalGeneration(PhosphoT5Config(**told))
    kinds.kinases = model.kinases
    kinds.config.save_pretrained(target)
    kinds.save_pretrained(target)
    rows = {
        kind: table(predict("--kinases", "--label-source", kind, model=target, output=f"{kind}.tsv")[1])
        for kind in ("mass-spec", "curated")
    }
    assert {row["kinase_fpr"] for row in rows["curated"]} == {"0.5000"}
    assert {row["kinase_fpr"] for row in rows["mass-spec"]} != {"0.5000"}


def test_without_the_option_families_are_not_scored(predict, monkeypatch):
    from phosphot5 import PhosphoT5ForConditionalGeneration

    monkeypatch.setattr(PhosphoT5ForConditionalGeneration, "score_kinases", None)
    monkeypatch.setattr(runtime, "check_kinases", None)
    assert predict()[0] == 0
