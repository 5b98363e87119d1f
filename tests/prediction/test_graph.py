"""Scoring by onnxruntime: the scores of torch, chosen where it serves, in an environment without torch."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

from phosphot5.cli.main import main
from phosphot5.data import Protein, parse, read_fasta
from phosphot5.errors import PhosphoT5Error
from phosphot5.prediction import runtime
from phosphot5.prediction.graph import FAMILIES_KEY, GRAPH_FILE, ScoringGraph
from phosphot5.prediction.loading import load_model, move_to_device
from phosphot5.prediction.onnx_export import write_onnx
from phosphot5.prediction.runtime import find_graph
from phosphot5.prediction.scoring import score_proteins

ROOT = Path(__file__).parents[2]
LIGHT = ("numpy", "onnxruntime", "filelock")
"""Packages beside this one that docs/predict.md names for an installation without torch."""


@pytest.fixture(scope="module")
def folder(kinase_folder, tmp_path_factory) -> Path:
    """A model folder with its graph; the model tells families of kinases."""
    made = tmp_path_factory.mktemp("graph") / "model"
    shutil.copytree(kinase_folder, made)
    write_onnx(load_model(str(made))[0], made / GRAPH_FILE, made)
    return made


@pytest.fixture(autouse=True)
def no_accelerator(monkeypatch):
    monkeypatch.setattr(runtime, "_accelerator_possible", lambda: False)


@pytest.fixture
def fasta(tmp_path) -> Path:
    path = tmp_path / "proteins.fasta"
    path.write_text(">a\nMSTYKPSAY\n>b\nMSTAYKSS\n>c\nS\n>d\nMKA\n>e\n" + "MSTAYKP" * 60 + "\n")
    return path


def predict(*options: str) -> None:
    assert main(["predict", *options]) == 0


def test_scores_are_those_of_torch(folder, fasta):
    graph, model = ScoringGraph(folder / GRAPH_FILE), move_to_device(load_model(str(folder))[0], "cpu")
    given = parse("MS#TAYKSST@AAY#", "hash")
    marked = Protein(id="marked", sequence=given.sequence, states=given.states)
    proteins = [*read_fasta(str(fasta)), marked]
    for protein, scores in score_proteins(model, proteins, show_known=True):
        np.testing.assert_allclose(graph.score(protein), scores, rtol=0, atol=1e-6)
    for protein, scores in score_proteins(model, proteins, show_known=True, kinases=True):
        assert scores.shape == (len(protein), 2 + len(model.config.kinase_families))
        found = graph.score(protein, kinases=True)
        np.testing.assert_allclose(found, scores, rtol=0, atol=1e-6)
        np.testing.assert_array_equal(found[:, 0], graph.score(protein))


def test_the_graph_names_its_families(folder, tmp_path):
    import onnx

    config = load_model(str(folder))[0].config
    families = ScoringGraph(folder / GRAPH_FILE).families
    assert list(families.families) == list(config.kinase_families)
    assert families.fpr_table == config.kinase_fpr_table
    graph = onnx.load(folder / GRAPH_FILE)
    kept = [entry for entry in graph.metadata_props if entry.key != FAMILIES_KEY]
    del graph.metadata_props[:]
    graph.metadata_props.extend(kept)
    onnx.save(graph, tmp_path / "model.onnx")
    assert ScoringGraph(tmp_path / "model.onnx").families.families == {}


def test_families_are_computed_on_request_only(folder, fasta):
    graph = ScoringGraph(folder / GRAPH_FILE)
    asked = []

    class Session:
        def run(self, wanted, given, options, run=graph.session.run):
            asked.append((wanted, options.only_execute_path_to_fetches))
            return run(wanted, given, options)

    graph.session = Session()
    (protein, *_) = read_fasta(str(fasta))
    for kinases in (False, True, "all"):
        list(graph.predict_sites([protein], 1, kinases))
    both = ["probability", "kinases"]
    assert asked == [(["probability"], True), (both, True), (both, True)]


def test_rows_do_not_depend_on_what_else_is_in_the_file_or_on_threads(folder, fasta, tmp_path):
    graph = ScoringGraph(folder / GRAPH_FILE)
    proteins = list(read_fasta(str(fasta)))
    alone = [rows for protein in proteins for _, rows in graph.predict_sites([protein], 1)]
    for threads in (1, 3):
        assert [rows for _, rows in graph.predict_sites(proteins * 60, threads)] == alone * 60
    alone = [rows for protein in proteins for _, rows in graph.predict_sites([protein], 1, "all")]
    assert [rows for _, rows in graph.predict_sites(proteins * 60, 3, "all")] == alone * 60


@pytest.mark.parametrize("kinases", [True, "all"])
def test_kinases_by_the_graph_and_by_torch(folder, fasta, tmp_path, kinases):
    rows = []
    for name in ("torch", "onnx"):
        options = ["--kinases", *(["all"] if kinases == "all" else [])]
        target = tmp_path / f"{name}.jsonl"
        predict(str(fasta), "--model", str(folder), "--runtime", name, "-o", str(target), *options)
        rows.append([json.loads(line) for line in target.read_text().splitlines()])
    assert len(rows[0]) == len(rows[1]) > 0
    for ours, theirs in zip(*rows, strict=True):
        assert list(ours) == list(theirs)
        for name, value in ours.items():
            close = pytest.approx(value, abs=1.01e-4) if isinstance(value, float) else value
            assert theirs[name] == close  # rounded to 4 digits


def test_the_command_takes_the_graph_and_writes_what_torch_writes(folder, fasta, tmp_path, monkeypatch):
    predict(str(fasta), "--model", str(folder), "--runtime", "torch", "-o", str(tmp_path / "torch.tsv"))
    monkeypatch.setattr(runtime.TorchRuntime, "predict_sites", None)  # fails if it is called
    for name, options in {"auto": [], "parts": ["--resume"], "onnx": ["--runtime", "onnx"]}.items():
        predict(str(fasta), "--model", str(folder), "-o", str(tmp_path / f"{name}.tsv"), *options)
        lines = (tmp_path / f"{name}.tsv").read_text().splitlines()
        expected = (tmp_path / "torch.tsv").read_text().splitlines()
        assert len(lines) == len(expected)
        for line, wanted in zip(lines[1:], expected[1:], strict=True):
            ours, theirs = line.split("\t"), wanted.split("\t")
            assert ours[:3] == theirs[:3]
            if theirs[7] == "scored":
                assert float(ours[3]) == pytest.approx(float(theirs[3]), abs=1.01e-4)  # rounded to 4 digits


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"device": "cuda"}, "the graph runs on a CPU only, not on cuda"),
        ({"dtype": "bfloat16"}, "the graph computes in float32 only"),
        ({"label_source": "curated"}, "scores no kind of labels, not curated"),
    ],
)
def test_torch_scores_what_the_graph_cannot(folder, options, why):
    assert find_graph(str(folder), **options) is None
    with pytest.raises(PhosphoT5Error, match=f"--runtime onnx: .*{why}"):
        find_graph(str(folder), runtime="onnx", **options)


def test_torch_scores_where_processes_share_the_work(folder, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert find_graph(str(folder)) is None
    with pytest.raises(PhosphoT5Error, match="several processes score with torch only"):
        find_graph(str(folder), runtime="onnx")


def test_torch_scores_where_there_may_be_an_accelerator(folder, monkeypatch):
    monkeypatch.setattr(runtime, "_accelerator_possible", lambda: True)
    assert find_graph(str(folder)) is None
    assert find_graph(str(folder), device="cpu") is not None


def test_a_model_without_a_graph_is_scored_by_torch(tiny_folder):
    assert find_graph(str(tiny_folder)) is None
    with pytest.raises(PhosphoT5Error, match=r"has no onnx.model.onnx, which phosphot5 export --onnx writes"):
        find_graph(str(tiny_folder), runtime="onnx")


def test_a_graph_of_other_weights_is_not_used(folder, tmp_path, caplog):
    stale = tmp_path / "stale"
    shutil.copytree(folder, stale)
    model = load_model(str(stale))[0]
    model.get_input_embeddings().weight.data += 1
    model.save_pretrained(stale)
    assert find_graph(str(stale)) is None
    assert "was not made from the model files beside it" in caplog.text


def test_a_damaged_graph_is_named(folder, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    (broken / GRAPH_FILE).write_bytes(b"no graph")
    with pytest.raises(
        PhosphoT5Error, match=r"model.onnx: cannot be used as a scoring graph .*--runtime torch"
    ):
        find_graph(str(broken))


def test_graph_and_torch_do_not_finish_each_others_work(folder, fasta, tmp_path):
    shares = tmp_path / "sites.tsv"
    predict(str(fasta), "--model", str(folder), "-o", str(shares), "--part", "1/2")
    predict(str(fasta), "--model", str(folder), "-o", str(shares), "--part", "2/2", "--runtime", "torch")
    assert main(["merge", str(shares)]) == 1


@pytest.fixture(scope="module")
def light(tmp_path_factory) -> Path:
    """The interpreter of an environment with the package, numpy, onnxruntime and filelock alone."""
    base = tmp_path_factory.mktemp("light")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(base)], check=True)
    paths = sysconfig.get_paths("venv", vars={"base": str(base), "platbase": str(base)})
    target, source = Path(paths["purelib"]), Path(sysconfig.get_path("purelib"))
    for name in LIGHT:
        for path in [*source.glob(name), *source.glob(f"{name}.libs"), *source.glob(f"{name}-*.dist-info")]:
            shutil.copytree(path, target / path.name)
    package = target / "phosphot5"
    shutil.copytree(ROOT / "phosphot5", package)
    for name in ("hub_card", "modeling_phosphot5", "recipes", "tokenization_phosphot5", "trainer"):
        shutil.copytree(ROOT / name, package / name)
    info = target / "phosphot5-0.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: phosphot5\nVersion: 0.0.0\n")
    return Path(paths["scripts"]) / "python"


def in_light(light: Path, *command: str) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [str(light), *command],
        capture_output=True,
        text=True,
        env=environment,
        cwd=light.parent,  # not the checkout, whose folders Python would import
        check=False,
    )


@pytest.mark.slow
def test_predict_runs_without_torch(light, folder, fasta, tmp_path):
    assert in_light(light, "-c", "import torch").returncode == 1
    for more in ([], ["--kinases"], ["--kinases", "all"]):
        options = ["predict", str(fasta), "--model", str(folder), "--overwrite", *more, "-o"]
        done = in_light(light, "-m", "phosphot5", *options, str(tmp_path / "light.tsv"))
        assert done.returncode == 0, done.stderr
        predict(*options[1:], str(tmp_path / "here.tsv"))
        assert (tmp_path / "light.tsv").read_bytes() == (tmp_path / "here.tsv").read_bytes()


@pytest.mark.slow
def test_without_torch_a_model_without_a_graph_is_refused_in_one_line(light, tiny_folder, fasta):
    done = in_light(light, "-m", "phosphot5", "predict", str(fasta), "--model", str(tiny_folder))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith("torch would do it, but is not installed: pip install phosphot5")


@pytest.mark.slow
def test_a_table_is_scored_without_torch_and_pandas(light, folder):
    code = (
        "import sys; from phosphot5.prediction import Scorer\n"
        f"sites = Scorer(model={str(folder)!r})({{'id': ['a'], 'sequence': ['MSTY']}})\n"
        "print(sites['position'].tolist(), 'pandas' in sys.modules)"
    )
    done = in_light(light, "-c", code)
    assert done.stdout == "[2, 3, 4] False\n", done.stderr


def test_the_light_installation_in_the_docs_is_the_tested_one():
    page = (ROOT / "docs" / "predict.md").read_text(encoding="utf-8")
    assert f"pip install {' '.join(LIGHT)}\n" in page
