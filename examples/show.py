"""Show the best-scored sites of a table that ``phosphot5 predict`` wrote: ``python show.py sites.tsv``."""

import csv
import sys

SHOWN = 8
COLUMNS = ("protein", "position", "residue", "probability", "fpr", "call", "window")


def main() -> None:
    """Print the best sites of each protein, strongest first."""
    proteins: dict[str, list[dict[str, str]]] = {}
    with open(sys.argv[1], encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            proteins.setdefault(row["protein"], []).append(row)
    line = "{:<10}{:>9}{:>9}{:>13}{:>9}  {:<8}{}\n"
    sys.stdout.write(line.format(*COLUMNS))
    for name, rows in proteins.items():
        rows.sort(key=lambda row: -float(row["probability"] or 1))  # sites given as known come first
        for row in rows[:SHOWN]:
            sys.stdout.write(line.format(*(row[column] for column in COLUMNS)))
        sys.stdout.write(f"{name:<10}{len(rows)} sites in all, the {min(SHOWN, len(rows))} best shown\n\n")


if __name__ == "__main__":
    main()
