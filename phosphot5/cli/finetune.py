"""``phosphot5 finetune``: your own labelled sites on top of a model."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from phosphot5.cli.main import OVERRIDE
from phosphot5.cli.train import tell
from phosphot5.errors import PhosphoT5Error
from phosphot5.processes import joined, on_main
from phosphot5.progress import hide_loading_bars

if TYPE_CHECKING:
    from phosphot5.trainer.recipe import Recipe

__all__ = ["add_arguments", "run"]

DATA_FOLDER = "data"
"""Folder of the parts of the proteins, inside the output folder."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        "labelled",
        nargs="*",
        help="hash-FASTA, Parquet written by `phosphot5 data convert`, or a data set of the Hub: "
        "hf://datasets/OWNER/NAME",
    )
    parser.set_defaults(overrides=[])
    parser.add_argument("-o", "--output", required=True, metavar="FOLDER", help="folder for the model")
    parser.add_argument(
        "--valid",
        action="append",
        default=[],
        metavar="FILE",
        help="validation proteins for early stopping and calibration; may be repeated (default: split off by homology)",
    )
    parser.add_argument(
        "--valid-share", type=float, default=0.2, help="share of proteins to split off (default: 0.2)"
    )
    parser.add_argument(
        "--model", default="bundled", help="model to start from: bundled, a folder or a hub id"
    )
    parser.add_argument(
        "--recipe", default="finetune", help="YAML file or name of a recipe (default: finetune)"
    )
    parser.add_argument("--resume", action="store_true", help="continue from the last checkpoint")
    kinases = parser.add_argument_group(
        "kinases",
        "a head that tells families of kinases apart, in place of other sites; the model's own weights stay",
    )
    kinases.add_argument(
        "--kinases",
        action="append",
        default=[],
        metavar="TABLE",
        help="text, Excel or Parquet with protein, position, and kinase (gene symbol) or family; may be repeated",
    )
    kinases.add_argument(
        "--fasta",
        action="append",
        default=[],
        metavar="FILE",
        help="sequences of its proteins; may be repeated",
    )
    kinases.add_argument(
        "--min-sites", type=int, default=20, metavar="N", help="fewest sites of a family (default: 20)"
    )


def run(args: argparse.Namespace) -> int:
    """Fine-tune; see ``phosphot5 finetune --help``."""
    if args.kinases:
        return _kinases(args)
    if not args.labelled:
        raise PhosphoT5Error(
            "finetune: no labelled proteins; name a file, or a table of sites with --kinases"
        )
    from phosphot5.trainer.checkpoints import start_point
    from phosphot5.trainer.dataset import LabelledFile
    from phosphot5.trainer.recipe import load_recipe
    from phosphot5.trainer.run import train

    hide_loading_bars()
    folder = Path(args.output)
    files = [text for text in args.labelled if not OVERRIDE.match(text)]
    overrides = [text for text in args.labelled if OVERRIDE.match(text)]
    where = [f"model.start_from={args.model}", f"training.output_dir={folder}"]
    recipe = load_recipe(args.recipe, [*where, *overrides, *args.overrides])
    recipe.data.train[:] = [LabelledFile(path).in_split("train") for path in files]
    recipe.data.valid[:] = [LabelledFile(path).in_split("validation") for path in args.valid]
    start_point(str(folder), args.resume)
    with joined("auto") as state:
        if not args.valid:
            on_main(state, lambda: _split(recipe, folder / DATA_FOLDER, args))
            for role in ("train", "valid"):
                getattr(recipe.data, role)[:] = [LabelledFile(str(folder / DATA_FOLDER / f"{role}.fasta.gz"))]
        tell(args, train(recipe, args.argv, args.resume), str(folder))
    return 0


def _kinases(args: argparse.Namespace) -> int:
    """Fit the head for families of kinases."""
    from phosphot5.trainer.kinase_run import fit_kinases

    if args.labelled or args.valid or args.resume:
        raise PhosphoT5Error("finetune: --kinases goes without labelled proteins, --valid and --resume")
    if not args.fasta:
        raise PhosphoT5Error(
            "finetune: --kinases needs the sequences of its proteins; name them with --fasta"
        )
    hide_loading_bars()
    record = fit_kinases(
        args.model, args.kinases, args.fasta, args.output, args.argv, min_sites=max(args.min_sites, 1)
    )
    for name, found in record.kinases.items():
        among = found.get("substrates_auroc")
        measured = "not measured" if among is None else f"AUROC {among:.3f}, AP {found['substrates_ap']:.3f}"
        args.report.print([f"{name}: {found['sites']:,.0f} sites; {measured}"])
    families = len(record.kinases)
    args.report.done(
        f"{families} {'family' if families == 1 else 'families'} of kinases; model in {args.output}",
        {"families": families},
        kinases=record.kinases,
    )
    return 0


def _split(recipe: "Recipe", folder: Path, args: argparse.Namespace) -> Path:
    """Split validation proteins off, homologs together, unless the run that is resumed has done so."""
    from phosphot5.data.homology.split_folder import SPLIT_FILE, SplitOptions
    from phosphot5.trainer.dataset import split_files

    if not (args.resume and (folder / SPLIT_FILE).is_file()):
        options = SplitOptions({"train": 1 - args.valid_share, "valid": args.valid_share})
        split_files(recipe.data.train, options, folder, overwrite=True)
    return folder
