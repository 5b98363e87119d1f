"""A Hub folder works where the package is not installed: same scores, complete again after a second save."""

import configparser
import json
import re
import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from phosphot5.data import read_fasta
from phosphot5.export import export_model
from phosphot5.hub_card import push_folder
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.scoring import predict_sites

EXAMPLES = Path(__file__).parents[2] / "examples" / "proteins.fasta"

OLDEST = "4.57.6"
"""The oldest transformers that hub files work with."""

STRANGER = """
import json, sys
import torch
from transformers import AutoConfig, AutoModelForSeq2SeqLM, AutoTokenizer, pipeline
name, again, proteins = sys.argv[1], sys.argv[2], json.load(sys.stdin)
trust = {"trust_remote_code": True}
config = AutoConfig.from_pretrained(name, **trust)
model = AutoModelForSeq2SeqLM.from_pretrained(name, **trust)
tokenizer = AutoTokenizer.from_pretrained(name, **trust)
scores = [model.score_sites(**tokenizer(p["sequence"], return_tensors="pt"))[0, :-1].tolist() for p in proteins]
predict = pipeline("phosphosite-prediction", model=name, **trust)
rows = [predict(p) for p in proteins]
batched = predict(proteins, batch_size=2)
piece = tokenizer(proteins[0]["sequence"][:60], return_tensors="pt")
piece["input_ids"][0, 5] = 29
texts = [model.annotate(**piece), model.generate(**piece, constrained=True, do_sample=False)[:, 1:]]
free = model.generate(**piece, max_new_tokens=50)
row, number = piece["input_ids"].repeat(1, 2), torch.tensor([[1] * 61 + [2] * 61])
packed = model.score_sites(row, number)[0].reshape(2, 61)
model.save_pretrained(again)
tokenizer.save_pretrained(again)
result = {"type": config.model_type, "scores": scores, "rows": rows, "batched": batched}
result |= {"texts": [text.tolist() for text in texts], "free": free.tolist(), "packed": packed.tolist()}
json.dump(result, sys.stdout)
"""


@pytest.fixture
def as_stranger(stranger):
    """Load a model in a process that has every library but not the package."""

    def load(name, again, proteins, **environment):
        done = stranger(STRANGER, name, again, given=json.dumps(proteins), cwd=again.parent, **environment)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    return load


@pytest.fixture(scope="module")
def expected(exported_folder):
    model, tokenizer = load_model(str(exported_folder))
    proteins = list(read_fasta(EXAMPLES))[::3]
    scores = [model.score_sites(**tokenizer(p.sequence, return_tensors="pt"))[0, :-1] for p in proteins]
    rows = [rows for _, rows in predict_sites(model, proteins)]
    given = [{"id": protein.id, "sequence": protein.sequence} for protein in proteins]
    piece = tokenizer(proteins[0].sequence[:60], return_tensors="pt")
    piece["input_ids"][0, 5] = 29
    alone = model.score_sites(**piece)[0].tolist()
    ours = model.annotate(**piece).tolist(), model.generate(**piece, max_new_tokens=50).tolist(), alone
    return given, [score.tolist() for score in scores], rows, ours


def assert_same(found, expected):
    _, scores, rows, (text, free, alone) = expected
    assert found["texts"] == [text, text]
    assert found["free"] == free
    for packed in found["packed"]:
        assert packed == pytest.approx(alone, abs=1e-6, nan_ok=True)
    assert found["type"] == "phosphot5"
    for ours, theirs in zip(scores, found["scores"], strict=True):
        assert theirs == pytest.approx(ours, abs=1e-6, nan_ok=True)
    assert found["rows"] == rows
    assert found["batched"] == rows


def test_loads_and_scores_without_the_package_and_saves_again(
    exported_folder, as_stranger, expected, tmp_path
):
    first = as_stranger(exported_folder, tmp_path / "again", expected[0])
    assert_same(first, expected)
    names = {path.name for path in (tmp_path / "again").iterdir()}
    exported_only = {"README.md", "LICENSE.md", "run_record.json", "handler.py", "requirements.txt"}
    assert names == {path.name for path in exported_folder.iterdir()} - exported_only
    second = as_stranger(tmp_path / "again", tmp_path / "third", expected[0])
    assert second == first


@pytest.mark.slow
def test_pushed_and_pulled_with_the_real_client(exported_folder, as_stranger, expected, tmp_path, local_hub):
    push_folder(exported_folder, "org/phosphot5", token=local_hub.token)
    pushed = set(local_hub.repo("org/phosphot5").branches["main"].files)
    assert pushed >= {path.name for path in exported_folder.iterdir()} > {"handler.py", "requirements.txt"}
    home = {"HF_HOME": str(tmp_path / "fresh-cache")}
    assert_same(as_stranger("org/phosphot5", tmp_path / "again", expected[0], **home), expected)


FACES = """
import sys
from transformers import AutoModel, AutoModelForSeq2SeqLM, AutoModelForTextEncoding, AutoTokenizer, pipeline
import transformers
name, trust = sys.argv[1], {"trust_remote_code": True}
tokenizer = AutoTokenizer.from_pretrained(name, **trust)
piece = tokenizer("MSPTSY", return_tensors="pt")
model = AutoModelForSeq2SeqLM.from_pretrained(name, **trust)
whole = model.get_encoder()(**piece).last_hidden_state
for face in (AutoModel, AutoModelForTextEncoding):
    encoder = face.from_pretrained(name, **trust)
    assert not hasattr(encoder, "decoder")
    assert encoder(**piece).last_hidden_state.equal(whole)
print(len(pipeline("phosphosite-prediction", model=model, tokenizer=tokenizer)("MSPTSY")))
"""


def test_other_faces_of_the_model_without_the_package(stranger, exported_folder, tmp_path):
    """The encoder by two Auto classes, and the pipeline of objects that are loaded already."""
    done = stranger(FACES, exported_folder, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split() == ["4"]


DAMAGED = """
import sys
from transformers import AutoModelForSeq2SeqLM
try:
    AutoModelForSeq2SeqLM.from_pretrained(sys.argv[1], trust_remote_code=True)
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize("kind", ["missing", "surplus", "misshapen", "nan"])
def test_damaged_weights_are_refused_without_the_package(stranger, exported_folder, tmp_path, kind):
    folder = tmp_path / "model"
    shutil.copytree(exported_folder, folder)
    weights = load_file(folder / "model.safetensors")
    name = "encoder.block.1.layer.0.SelfAttention.k.weight"
    if kind == "missing":
        del weights[name]
    elif kind == "surplus":
        weights["encoder.block.99.k.weight"] = weights[name].clone()
    elif kind == "misshapen":
        weights[name] = weights[name][:-1].clone()
    else:
        weights[name][0, 0] = float("nan")
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    done = stranger(DAMAGED, folder, cwd=tmp_path)
    (line,) = done.stdout.splitlines()
    assert ("encoder.block.99.k.weight" if kind == "surplus" else name) in line


def test_folder_holds_every_hub_file_and_nothing_of_the_package(exported_folder):
    root = Path(__file__).parents[2]
    hub_files = {
        path.name
        for name in ("modeling_phosphot5", "tokenization_phosphot5")
        for path in (root / name).glob("*.py")
        if path.name != "__init__.py"
    }
    assert {path.name for path in exported_folder.glob("*.py")} == hub_files
    for path in exported_folder.glob("*.py"):
        assert path.read_text() == next(root.glob(f"*_phosphot5/{path.name}")).read_text()


@pytest.mark.parametrize("entry", ["configuration", "modeling", "tokenization", "pipeline"])
def test_entry_files_name_all_siblings_they_need(exported_folder, entry):
    """Older transformers copy only the siblings that the entry file itself names."""

    def siblings(path):
        return {
            f"{name}.py" for name in re.findall(r"^\s*from \.(\w+) import", path.read_text(), re.MULTILINE)
        }

    direct = siblings(exported_folder / f"{entry}_phosphot5.py")
    needed = set(direct)
    while more := set().union(*(siblings(exported_folder / name) for name in needed), set()) - needed:
        needed |= more
    assert direct | {f"{entry}_phosphot5.py"} >= needed


def test_requirements_are_those_of_the_code(exported_folder):
    lines = (exported_folder / "requirements.txt").read_text().splitlines()
    package = configparser.ConfigParser()
    package.read(Path(__file__).parents[2] / "setup.cfg")
    assert lines[0] in package["options"]["install_requires"].split()
    assert lines[1:] == [f"transformers>={OLDEST},<6"]


def test_export_refuses_a_folder_that_holds_something(tiny_folder, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(Exception, match="already exists; choose another name or remove it") as caught:
        export_model(str(tiny_folder), tmp_path)
    assert type(caught.value).__name__ == "OutputFileError"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_export_of_what_is_no_model_leaves_nothing(tmp_path):
    with pytest.raises(Exception, match="cannot be loaded as a model"):
        export_model(str(tmp_path / "none"), tmp_path / "out")
    assert not list(tmp_path.iterdir())
