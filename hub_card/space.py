"""The web page as a Space of the Hugging Face Hub: its folder, with this package in it, and its upload."""

import importlib.metadata
import shutil
from importlib import resources
from pathlib import Path

import yaml
from packaging.requirements import Requirement

from phosphot5 import __version__
from phosphot5.hub_card.model_files import model_file
from phosphot5.hub_card.model_folder import ModelFolder
from phosphot5.hub_card.upload import Published, Target, list_files, upload
from phosphot5.output import atomic_folder
from phosphot5.record.run_record import RECORD_FILE, RunRecord

__all__ = ["GRADIO_VERSION", "push_space", "write_space"]

GRADIO_VERSION = "6.31.0"
"""What Spaces run the page with; the version of constraints.txt."""
MAPPED = ("hub_card", "modeling_phosphot5", "recipes", "tokenization_phosphot5", "trainer")
"""Packages that lie beside ``phosphot5`` in a checkout."""
MODEL_FOLDER = "model"
PYTORCH_FOR_CPU = "--extra-index-url https://download.pytorch.org/whl/cpu"
"""Spaces have a processor unless more is paid for; PyPI's torch would bring gigabytes for CUDA."""
APP = '''"""The web page of PhosphoT5; `phosphot5 push-space` wrote this folder."""

from phosphot5.app.page import serve

serve(model={model!r}, revision={revision!r}, uniprot={uniprot!r})
'''
METADATA = f"Metadata-Version: 2.1\nName: phosphot5\nVersion: {__version__}\n"
"""By this the copied package finds its version without having been installed."""
README = """---
{facts}---

# PhosphoT5

Which serines, threonines and tyrosines of a protein get phosphorylated? Paste FASTA, or compare two variants.

`python app.py` shows the same page on your own machine, once `requirements.txt` is installed.

Code: Apache-2.0. Weights: {licence}.
"""


def write_space(
    folder: str | Path, model: str = "bundled", revision: str | None = None, uniprot: bool = True
) -> list[Path]:
    """Write the folder; it appears complete or not at all.

    Parameters
    ----------
    folder : str or Path
        Folder to make; it must not exist, or be empty.
    model : str
        ``bundled``, or a folder, which both go into the Space, or a hub id, which the Space loads.
    revision : str, optional
        Branch, tag or commit of a hub id.
    uniprot : bool
        Take accessions, whose sequences the Space asks UniProt for.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    OutputFileError
        If the folder holds something already, or its parent does not exist.
    PhosphoT5Error
        If there is no such model, or it would not load.
    """
    carried = Path(model).is_dir() and model != "bundled"
    licence = RunRecord.load(model_file(model, RECORD_FILE, revision)).licence
    facts = {
        "title": "PhosphoT5",
        "short_description": "Phosphorylation sites of proteins",
        "sdk": "gradio",
        "sdk_version": GRADIO_VERSION,
        "python_version": "3.11",
        "app_file": "app.py",
        "license": licence.identifier,
        "tags": ["biology", "proteins", "phosphorylation"],
    }
    if not carried and model != "bundled":
        facts["models"] = [model]
    with atomic_folder(folder) as made:
        _copy_package(made, with_weights=model == "bundled")
        if carried:
            _copy_model(Path(model), made / MODEL_FOLDER)
        name = MODEL_FOLDER if carried else model
        (made / "app.py").write_text(
            APP.format(model=name, revision=revision, uniprot=uniprot), encoding="utf-8"
        )
        (made / "requirements.txt").write_text("\n".join(_requirements()) + "\n", encoding="utf-8")
        text = README.format(facts=yaml.safe_dump(facts, sort_keys=False), licence=licence.name)
        (made / "README.md").write_text(text, encoding="utf-8")
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())


def push_space(
    folder: Path | str,
    repo_id: str,
    *,
    private: bool = False,
    token: str | None = None,
    dry_run: bool = False,
) -> Published | str:
    """Upload a Gradio Space in one commit.

    Files on the Hub in a subfolder that is ours are removed in the same commit if they are not here, so that code
    of an older version does not stay.

    Parameters
    ----------
    folder : Path or str
        A folder written by ``phosphot5 push-space --folder``.
    repo_id, private
        As for :class:`~phosphot5.hub_card.upload.Target`.
    token : str, optional
        As for :func:`~phosphot5.hub_card.upload.upload`.
    dry_run : bool
        Send nothing.

    Returns
    -------
    Published or str
        What was done; for a dry run the files and their sizes.

    Raises
    ------
    PhosphoT5Error
        If the Hub refuses or cannot be reached; the message says what to do.
    """
    target = Target(repo_id, kind="space", private=private)
    found = sorted(file for file in Path(folder).rglob("*") if file.is_file())
    files = {file.relative_to(folder).as_posix(): file for file in found}
    listing = list_files(files, "web page", target)
    if dry_run:
        return listing
    ours = {name.partition("/")[0] for name in files if "/" in name}
    return upload(
        files,
        target,
        "Web page of PhosphoT5",
        listing,
        lambda name: "/" in name and name.partition("/")[0] in ours,
        token,
    )


def _copy_package(made: Path, with_weights: bool) -> None:
    """Copy the package's folders to where an installation has them."""

    def left_out(folder: str, names: list[str]) -> set[str]:
        weights = not with_weights and Path(folder).name == "bundled"
        return {name for name in names if name == "__pycache__" or (weights and name != "__init__.py")}

    target = made / "phosphot5"
    shutil.copytree(str(resources.files("phosphot5")), target, ignore=left_out)
    for name in MAPPED:
        source = str(resources.files(f"phosphot5.{name}"))
        shutil.copytree(source, target / name, ignore=left_out, dirs_exist_ok=True)
    information = made / f"phosphot5-{__version__}.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(METADATA, encoding="utf-8")
    for file in importlib.metadata.files("phosphot5") or ():
        if file.name == "LICENSE":
            shutil.copyfile(file.locate(), made / "LICENSE")


def _copy_model(source: Path, target: Path) -> None:
    for name, file in ModelFolder.read(source, card=False).files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target / name)


def _requirements() -> list[str]:
    """Return what the package needs to show the page, as it says itself."""
    needed = [Requirement(text) for text in importlib.metadata.requires("phosphot5") or ()]
    wanted = [need for need in needed if need.marker is None or need.marker.evaluate({"extra": "app"})]
    return [PYTORCH_FOR_CPU, *sorted(f"{need.name}{need.specifier}" for need in wanted)]
