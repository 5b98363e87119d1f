"""Tables from the run record of the bundled model: its data files, and the parts of its training."""

from docs.generate.tables import load, table
from phosphot5.record.run_record import RunRecord


def sources() -> str:
    """Return the data files of the last part, and those of earlier parts that it did not read."""
    header = ["file", "used as", "proteins", "positive sites", "negative sites", "licence"]
    rows = []
    for file, use in _record().data_with_use:
        numbers = (f"{number:,}" for number in (file.records, file.positives, file.negatives))
        rows.append([f"`{file.name}`", use, *numbers, file.licence])
    return "\n".join(table(header, rows))


def parts() -> str:
    """Return cost and length of each part of the training."""
    record = _record()
    rows = []
    for number, part in enumerate([*record.earlier, record], 1):
        recipe = part.command[2].rpartition("/")[2].removesuffix(".yaml")
        cost = part.cost
        rows.append([str(number), f"`{recipe}`", f"{cost.steps:,}", f"{cost.tokens / 1e6:.1f} M"])
        rows[-1].append(f"{cost.seconds / 60:.0f} min")
    return "\n".join(table(["part", "recipe", "steps", "tokens", "time"], rows))


def _record() -> RunRecord:
    return RunRecord.from_dict(load("bundled_run_record"))
