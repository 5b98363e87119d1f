"""Tables from the run record of the bundled model: its data files, and the parts of its training."""

from docs.generate.tables import load, table

RECORD = "bundled_run_record"
FOLDS = "multisource/train_fold"


def sources() -> str:
    """Return the data files of the last part; the ten folds of one set in one row."""
    files: dict[str, list] = {}
    for file in load(RECORD)["data"]:
        name = "multisource/train_fold0 ... 9" if file["name"].startswith(FOLDS) else file["name"]
        row = files.setdefault(name, [file["role"], 0, 0, 0, file["licence"]])
        for place, key in enumerate(("records", "positives", "negatives"), 1):
            row[place] += file[key]
    header = ["file", "used as", "proteins", "positive sites", "negative sites", "licence"]
    return "\n".join(
        table(
            header,
            [[f"`{name}`", row[0], *(f"{n:,}" for n in row[1:4]), row[4]] for name, row in files.items()],
        )
    )


def parts() -> str:
    """Return cost and length of each part of the training."""
    record = load(RECORD)
    rows = []
    for number, part in enumerate([*record["earlier"], record], 1):
        recipe = part["command"][2].rpartition("/")[2].removesuffix(".yaml")
        cost = part["cost"]
        rows.append([str(number), f"`{recipe}`", f"{cost['steps']:,}", f"{cost['tokens'] / 1e6:.1f} M"])
        rows[-1].append(f"{cost['seconds'] / 60:.0f} min")
    return "\n".join(table(["part", "recipe", "steps", "tokens", "time"], rows))
