"""``phosphot5 evaluate`` as its users meet it: figures, files, peers, and errors before the work begins."""

import dataclasses
import gzip
import json
import shutil
from pathlib import Path

import pytest

from phosphot5.cli import evaluate as command
from phosphot5.cli.main import main
from phosphot5.data import SiteState, read_fasta
from phosphot5.evaluation.sites import LabelledSites, evaluate_sites
from phosphot5.measure import score_labelled_sites
from phosphot5.prediction.loading import load_model
from phosphot5.record.facts import Cost, DataFile, EarlierTraining
from phosphot5.record.fingerprints import file_digest
from phosphot5.record.run_record import RECORD_FILE, RunRecord

ROOT = Path(__file__).parents[2]
LABELLED = ROOT / "examples" / "synthetic_valid.fasta"
VALID = ROOT.parent / "shared" / "data" / "phosphosites" / "multisource" / "valid.fasta.gz"
FILES = {"evaluation.json", "roc.png", "pr.png", "reliability.png", "scores.png"}
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def evaluate(tiny_folder, tmp_path, capsys):
    """Run the command with few resamples; gives exit code, standard output and error without temporary paths."""

    def run(*arguments, model=tiny_folder, resamples=20):
        code = main(["evaluate", str(model), *map(str, arguments), "--resamples", str(resamples)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err.replace(f"{tmp_path}/", "")

    return run


@pytest.fixture
def fasta(tmp_path):
    def write(text, name="in.fasta"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.fixture(scope="module")
def scored(tiny_folder) -> LabelledSites:
    return score_labelled_sites(load_model(str(tiny_folder))[0], read_fasta(LABELLED, notation="hash"))


def peer_table(path, sites: LabelledSites, skip: int = 10) -> Path:
    """Write the squares of our probabilities for all labelled sites but every tenth."""
    known = sites.measured()
    rows = zip(known.protein, known.position, known.residues, known.truth, known.probability, strict=True)
    lines = [
        f"{sites.proteins[protein]}\t{position}\t{residue}\t{int(true)}\t{float(score) ** 2!r}\n"
        for number, (protein, position, residue, true, score) in enumerate(rows)
        if number % skip
    ]
    text = "accession\tposition\tresidue\tlabel\tsquare\n" + "".join(lines) + "other\t1\tS\t1\t0.5\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def test_files_and_figures(evaluate, scored, tmp_path, tiny_folder):
    code, out, _ = evaluate(LABELLED, "-o", tmp_path / "out", "--seed", "3")
    assert code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    assert all(path.read_bytes()[:8] == PNG for path in (tmp_path / "out").glob("*.png"))
    result = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    expected = evaluate_sites(scored, None, 20, 3)
    assert result["measured"] == pytest.approx(expected)
    assert f"{expected['st_auroc']:.3f}" in out
    assert f"{expected['st_auroc_low']:.3f}-{expected['st_auroc_high']:.3f}" in out
    assert [line.split()[0] for line in out.splitlines() if line.startswith(("S", "T ", "Y"))][:4] == [
        *("S/T", "S", "T", "Y")
    ]
    assert (result["resamples"], result["seed"]) == (20, 3)
    assert result["command"][:2] == ["phosphot5", "evaluate"]
    assert result["model"]["files"] == {
        name: file_digest(tiny_folder / name) for name in ("config.json", "model.safetensors")
    }
    assert (result["model"]["device"], result["model"]["dtype"]) == ("cpu", "float32")
    (file,) = result["files"]
    assert file["name"] == "examples/synthetic_valid.fasta"
    assert file["sha256"] == file_digest(LABELLED)
    assert file["positive"] + file["negative"] == len(scored.measured())
    assert file["positive"] + file["negative"] + file["unknown"] == len(scored)
    assert sum(count for counts in result["sites"].values() for count in counts.values()) == len(scored)
    assert result["versions"]["phosphot5"]
    assert result["seconds"] > 0
    assert result["peak_memory_bytes"] > 0


def test_nothing_is_written_unless_asked(evaluate, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert evaluate(LABELLED)[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_quiet_prints_the_figures_only(evaluate, caplog):
    code, out, err = evaluate(LABELLED, "--quiet")
    assert code == 0
    assert "AUROC" in out
    assert err == ""


def test_summary_counts_everything(evaluate, scored, caplog):
    caplog.set_level("INFO")
    evaluate(LABELLED)
    count = sum(1 for _ in read_fasta(LABELLED, notation="hash"))
    labelled = len(scored.measured())
    expected = f"{len(scored):,} sites, {labelled:,} of them labelled, in {count} proteins with"
    assert expected in caplog.messages[-1]
    assert "peak memory" in caplog.messages[-1]


def test_several_files_and_gzip(evaluate, tmp_path):
    proteins = LABELLED.read_text().split(">")[1:]
    half = len(proteins) // 2
    one, two = tmp_path / "one.fasta", tmp_path / "two.fasta.gz"
    one.write_text("".join(f">{text}" for text in proteins[:half]))
    two.write_bytes(gzip.compress("".join(f">{text}" for text in proteins[half:]).encode()))
    _, whole, _ = evaluate(LABELLED)
    _, parts, _ = evaluate(one, two)
    assert parts.splitlines()[1:] == whole.splitlines()[1:]
    assert parts.splitlines()[0].count(" + ") == 1


def test_both_readings_are_printed_and_kept(evaluate, fasta, tmp_path):
    text = ">a\nMS#AAS@AASAT\n>b\nS@AAT#AATAYY\n>c\nS#AAS@SSS\n"
    code, out, _ = evaluate(fasta(text), "-o", tmp_path / "out")
    assert code == 0
    assert "with unlabelled sites counted as negatives" in out
    assert "2 unlabelled sites ignored" in out
    result = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert (result["measured"]["st_sites"], result["unlabelled_as_negative"]["st_sites"]) == (6, 12)


def test_peers_are_compared(evaluate, scored, tmp_path):
    peer = peer_table(tmp_path / "peer.tsv.gz", scored)
    code, out, _ = evaluate(LABELLED, "--peer", peer, "-o", tmp_path / "out")
    assert code == 0
    result = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    (one,) = result["peers"]
    labelled = len(scored.measured())
    lacking = -(-labelled // 10)
    assert (one["name"], one["sites"], one["without_score"]) == ("square", labelled - lacking, lacking)
    assert one["elsewhere"] == 1
    assert one["difference"]["st_auroc"] == {"difference": 0, "low": 0, "high": 0, "above_zero": 0}
    assert one["model"]["st_brier"] != one["peer"]["st_brier"]
    assert result["peer_files"] == [{"name": f"{tmp_path.name}/peer.tsv.gz", "sha256": file_digest(peer)}]
    assert f"Against square: {labelled - lacking:,} labelled sites" in out


@pytest.fixture
def other_model(tiny_folder, tmp_path):
    """A copy of the tiny model with another calibration, and a record that lists an evaluated file."""

    def make(calibration, role=None):
        folder = tmp_path / "model"
        shutil.copytree(tiny_folder, folder)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"calibration": calibration}))
        if role:
            record = RunRecord.load(folder / RECORD_FILE)
            record.data = [DataFile.read(LABELLED, role, records=1, positives=1, negatives=1)]
            record.save(folder / RECORD_FILE)
        else:
            (folder / RECORD_FILE).unlink()
        return folder

    return make


def test_stored_thresholds_are_used(evaluate, other_model, tmp_path):
    stored = {residue: {"slope": 1.0, "intercept": 0.0, "threshold": 0.5} for residue in "STY"}
    _, out, _ = evaluate(LABELLED, "-o", tmp_path / "out", model=other_model(stored))
    assert "at the thresholds stored in the model: S 0.500, T 0.500, Y 0.500." in out
    result = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert result["thresholds"] == {"source": "model", "values": {"S": 0.5, "T": 0.5, "Y": 0.5}}


def test_an_uncalibrated_model_without_thresholds_says_both(evaluate, other_model):
    _, out, _ = evaluate(LABELLED, model=other_model(None))
    assert "stores no thresholds: MCC and F1 are at the best threshold of each class" in out
    assert "no calibration for S, T, Y: these probabilities are uncalibrated." in out


@pytest.mark.parametrize(
    ("role", "said"),
    [("train", "model was trained on"), ("valid", "chosen and calibrated on"), ("test", "")],
)
def test_files_the_model_has_seen_are_said(evaluate, other_model, tmp_path, role, said):
    _, out, _ = evaluate(LABELLED, "-o", tmp_path / "out", model=other_model(None, role))
    assert ("expect lower figures on new proteins" in out) is bool(said)
    assert said in out
    result = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert len(result["warnings"]) == bool(said)


def test_files_an_earlier_training_has_seen_are_said(evaluate, other_model):
    model = other_model(None, "valid")
    record = RunRecord.load(model / RECORD_FILE)
    read = dataclasses.replace(record.data[0], role="train")
    record.earlier = [EarlierTraining(["phosphot5", "train"], 1, None, None, Cost(), [read])]
    record.save(model / RECORD_FILE)
    _, out, _ = evaluate(LABELLED, model=model)
    assert "model was trained on" in out


@pytest.fixture
def no_model(monkeypatch):
    """Make sure that an error comes before the model is loaded."""

    def load(args):
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(command, "_load", load)


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "in.fasta: found an empty file, expected"),
        (">a\nMS#K#\n", "in.fasta, line 2, record a, position 5: found"),
        (
            ">a\nMSAT\n",
            "no residue class (S/T or Y) has both positive and negative sites (found 0 and 0); mark positives as S#",
        ),
        (
            ">a\nMS#AT#\n>b\nY@\n",
            "no residue class (S/T or Y) has both positive and negative sites (found 2 and 1)",
        ),
        (
            ">a\nMS#\n>a\nMS@\n",
            "in.fasta, record a: found a second record of this protein, expected each protein",
        ),
    ],
)
def test_wrong_labels_are_refused(evaluate, fasta, text, message):
    code, out, err = evaluate(fasta(text))
    assert code == 1
    assert out == ""
    assert err.startswith(f"phosphot5 evaluate: {message}")


@pytest.mark.usefixtures("no_model")
def test_a_protein_in_two_files_is_refused(evaluate, fasta):
    one, two = fasta(">sp|a|X\nMS#S@\n", "one.fasta"), fasta(">a\nMS#S@\n", "two.fasta")
    code, _, err = evaluate(one, two)
    assert code == 1
    assert "two.fasta, record a: found a second record of this protein, also in one.fasta, expected" in err


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize("name", ["gone.fasta", "-"])
def test_a_missing_file_is_named(evaluate, tmp_path, name):
    code, _, err = evaluate(tmp_path / name if name != "-" else name)
    assert code == 1
    assert err == f"phosphot5 evaluate: {name}: cannot be read (No such file or directory); check the file\n"


@pytest.mark.usefixtures("no_model")
def test_wrong_peers_are_refused(evaluate, fasta, tmp_path):
    labelled = fasta(">a\nMS#AS@\n")
    wrong = fasta("accession\tposition\tmine\na\t3\t0.5\n", "wrong.tsv")
    assert "wrong.tsv, line 2, record a, position 3: found a score" in evaluate(labelled, "--peer", wrong)[2]
    right = fasta("accession\tposition\tmine\na\t2\t0.5\n", "right.tsv")
    _, _, err = evaluate(labelled, "--peer", right, "--peer", right)
    assert "right.tsv: score column 'mine' also occurs in right.tsv; give each peer once" in err


@pytest.mark.usefixtures("no_model")
def test_an_existing_folder_is_refused(evaluate, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "roc.png").write_text("old")
    code, _, err = evaluate(LABELLED, "-o", tmp_path / "out")
    assert code == 1
    assert err == "phosphot5 evaluate: out: already exists; choose another name or remove it\n"
    (tmp_path / "out" / "thesis.txt").write_text("precious")
    code, _, err = evaluate(LABELLED, "-o", tmp_path / "out", "--overwrite")
    assert code == 1
    assert "holds thesis.txt, which this command does not write" in err
    assert (tmp_path / "out" / "thesis.txt").exists()


def test_an_earlier_evaluation_is_replaced_when_asked(evaluate, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "roc.png").write_text("old")
    assert evaluate(LABELLED, "-o", tmp_path / "out", "--overwrite")[0] == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    assert (tmp_path / "out" / "roc.png").read_bytes()[:8] == PNG


def test_nothing_is_left_when_a_picture_fails(evaluate, tmp_path, monkeypatch):
    def fail(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("phosphot5.evaluation.results.score_distributions", fail)
    assert evaluate(LABELLED, "-o", tmp_path / "out")[0] == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--resamples", "0"], "'0' is not a whole number of 1 or more"),
        (["--seed", "-1"], "'-1' is not a whole number of 0 or more"),
        (["--seed", "1.5"], "'1.5' is not a whole number of 0 or more"),
    ],
)
def test_wrong_numbers_are_refused(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["evaluate", "bundled", str(LABELLED), *arguments])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_an_unusable_device_is_named(evaluate):
    code, _, err = evaluate(LABELLED, "--device", "nonsense")
    assert code == 1
    assert "--device nonsense: cannot be used here" in err
    assert err.endswith("try cpu\n")


def test_an_unknown_model_is_named(evaluate):
    code, _, err = evaluate(LABELLED, model="nowhere")
    assert code == 1
    assert "nowhere: cannot be loaded as a model; give bundled, a folder or a hub id" in err


def test_weights_in_several_files_are_all_fingerprinted(tiny_folder, tmp_path):
    folder = tmp_path / "model"
    load_model(str(tiny_folder))[0].save_pretrained(folder, max_shard_size="100KB")
    shards = sorted(path.name for path in folder.glob("model-*.safetensors"))
    args = command.argparse.Namespace(model=str(folder), revision=None)
    assert len(shards) > 1
    assert [path.name for path in command._model_files(args)] == ["config.json", *shards]


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.skipif(not VALID.exists(), reason=f"the phosphosite data are not at {VALID.parents[1]}")
def test_the_bundled_model_on_the_validation_set(evaluate, tmp_path):
    code, out, _ = evaluate(VALID, "-o", tmp_path / "out", model="bundled", resamples=200)
    assert code == 0
    assert "chosen and calibrated on multisource/valid.fasta.gz: expect lower figures" in out
    result = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    published = json.loads((ROOT / "benchmarks" / "results" / "validation.json").read_text())["phosphot5"]
    for name in ("st_auroc", "st_ap", "y_auroc", "y_ap"):
        assert result["measured"][name] == pytest.approx(published[name], abs=1e-4)
        assert result["measured"][f"{name}_low"] < published[name] < result["measured"][f"{name}_high"]
    counts = result["sites"]
    labelled = sum(counts[r][s.name.lower()] for r in "STY" for s in (SiteState.POSITIVE, SiteState.NEGATIVE))
    assert labelled == 97_227
