"""``phosphot5 predict`` says which measured accuracy applies; scores never depend on it."""

import json
import shutil

import pytest

from phosphot5.cli.main import main
from phosphot5.errors import OutputFileError
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.output_parts import OutputParts
from phosphot5.record.run_record import RECORD_FILE

PROTEINS = (
    ">sp|P04637|P53_HUMAN p53 OS=Homo sapiens OX=9606 GN=TP53 PE=1 SV=4\nMSTAY\n"
    ">sp|P02340|P53_MOUSE p53\nMTAY\n>a\nMSY\n>b OS=Escherichia coli\nMKS\n"
)
FIGURES = {"auroc": 0.8, "ap": 0.5, "sites": 1000, "prevalence": 0.1}
NO_FIGURES = "of a species that is not named or was not measured: no figures apply"


@pytest.fixture
def measured(tiny_folder, tmp_path):
    """A model whose record has figures of human and curated labels, made up."""
    folder = tmp_path / "measured"
    shutil.copytree(tiny_folder, folder)
    record = json.loads((folder / RECORD_FILE).read_text())
    figures = {f"{key}_{name}": value for key in ("st", "y") for name, value in FIGURES.items()}
    record["metrics"] = {f"some/valid.fasta.gz, {group}": figures for group in ("human", "curated")}
    (folder / RECORD_FILE).write_text(json.dumps(record))
    return folder


@pytest.fixture
def predict(tmp_path, caplog, capsys):
    """Run the command; gives exit code, the lines logged about accuracy, and standard error."""

    def run(model, *options, text=PROTEINS, output="out.tsv"):
        caplog.clear()
        caplog.set_level("WARNING" if "--quiet" in options else "INFO")
        (tmp_path / "in.fasta").write_text(text)
        names = [str(tmp_path / "in.fasta"), "-o", str(tmp_path / output), "--model", str(model)]
        code = main(["predict", *names, *options])
        lines = [line for line in caplog.messages if "figures" in line or "validation proteins" in line]
        return code, lines, capsys.readouterr().err

    return run


def test_lines_and_scores_with_and_without_the_option(predict, measured, tmp_path):
    shown = (
        "on validation proteins of this group, AUROC 0.800 and AP 0.500 for S and T, 0.800 and 0.500 for Y"
    )
    assert predict(measured)[:2] == (0, [f"1 human protein: {shown}", f"3 proteins {NO_FIGURES}"])
    given = predict(measured, "--species", "Homo sapiens", output="given.tsv")
    assert given[:2] == (0, [f"2 human proteins: {shown}", f"2 proteins {NO_FIGURES}"])
    assert predict(measured, "--species", "PIG", "--quiet", output="quiet.tsv")[:2] == (0, [])
    written = {(tmp_path / name).read_bytes() for name in ("out.tsv", "given.tsv", "quiet.tsv")}
    assert len(written) == 1


def test_parts_have_lines_of_their_own_proteins(predict, measured, tmp_path):
    lines = [predict(measured, "--part", f"{part}/2", "--species", "9606")[1] for part in (1, 2)]
    assert [[line.partition(":")[0] for line in part] for part in lines] == [
        ["1 human protein", "1 protein of a species that is not named or was not measured"],
        ["1 human protein", "1 protein of a species that is not named or was not measured"],
    ]
    assert main(["merge", str(tmp_path / "out.tsv")]) == 0
    assert predict(measured, output="whole.tsv")[0] == 0
    assert (tmp_path / "out.tsv").read_bytes() == (tmp_path / "whole.tsv").read_bytes()


def test_species_may_change_between_an_interruption_and_its_resumption(predict, measured, monkeypatch):
    def fail(*_, **__):
        raise OutputFileError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(OutputParts, "merge", fail)
        assert predict(measured, "--resume", "--species", "yeasts")[0] == 1
    code, lines, _ = predict(measured, "--resume", "--species", "human")
    assert (code, lines[0].partition(":")[0]) == (0, "2 human proteins")


def test_a_model_without_figures_by_group_says_so_if_asked(predict, tiny_folder, tmp_path):
    assert predict(tiny_folder)[:2] == (0, [])
    asked = predict(tiny_folder, "--species", "mouse", output="asked.tsv")
    assert asked[:2] == (0, ["--species: this model has no figures by group"])
    folder = tmp_path / "bare"
    shutil.copytree(tiny_folder, folder)
    (folder / RECORD_FILE).write_text("{")
    assert predict(folder, output="damaged.tsv")[:2] == (0, [])
    (folder / RECORD_FILE).unlink()
    assert predict(folder, output="missing.tsv")[:2] == (0, [])


def test_the_kind_of_label_decides_which_figures_apply(predict, measured):
    model = load_model(str(measured))[0]
    model.add_label_sources(["mass-spec", "curated"])
    model.save_pretrained(measured)
    assert predict(measured)[1][0].startswith("1 human protein: ")
    lines = predict(measured, "--label-source", "curated", output="curated.tsv")[1]
    assert lines == [
        "4 proteins: on validation proteins with curated labels, AUROC 0.800 and AP 0.500 for S and T only"
    ]


def test_an_unknown_species_is_one_clear_error_before_any_work(predict, tmp_path):
    code, _, error = predict(tmp_path / "no model", "--species", "Klingon")
    assert code == 1
    assert error == (
        "phosphot5 predict: --species Klingon: no such species is known; give a taxon id, a scientific name, a "
        "mnemonic of UniProt such as MOUSE, or a group: human, mammals, other_vertebrates, insects_and_worms, "
        "yeasts, plants, protists\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.fasta"]
