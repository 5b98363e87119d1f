"""Parts about example proteins, as the bundled model scores them."""

from functools import cache
from typing import Any

from sklearn.metrics import roc_auc_score

from benchmarks.accuracy.examples import PROTEINS, checked_proteins, literature_sites
from docs.generate.tables import load, table
from phosphot5.data import read_fasta
from phosphot5.prediction.loading import load_model
from phosphot5.prediction.scoring import predict_sites

SHOWN = ("protein", "position", "residue", "probability", "fpr", "call", "window")
AT_5_PERCENT = ("high", "medium")
"""Calls at 5 % false positives or fewer."""
ROLES = {
    "train": "training",
    "valid": "validation",
    "kinases": "head for kinases",
    "test": "test",
}


@cache
def scored() -> dict[str, list[dict[str, Any]]]:
    """Return the site table of every example protein."""
    model = load_model("bundled")[0]
    return {protein.id: rows for protein, rows in predict_sites(model, read_fasta(PROTEINS))}


def example() -> str:
    """Return the best sites of the first example protein, as predicted here."""
    return _best(6)


def best() -> str:
    """Return fewer of them, for README."""
    return _best(3)


def _best(number: int) -> str:
    rows_of_p53 = scored()["P04637"]
    sites = sorted(rows_of_p53, key=lambda row: -row["probability"])[:number]
    rows = [[f"`{row[c]}`" if c == "window" else str(row[c]) for c in SHOWN] for row in sites]
    return "\n".join(
        [f"The {number} best of {len(rows_of_p53)} sites of p53 (P04637):", "", *table(SHOWN, rows)]
    )


def examples() -> str:
    """Return the sites of the literature beside the model's scores, summed up and one by one."""
    found = load("examples")
    summary, details, known, called = [], [], 0, 0
    for protein in checked_proteins():
        rows = _known_rows(protein.id)
        hits = sum(row["call"] in AT_5_PERCENT for row in rows)
        known, called = known + len(rows), called + hits
        title = f"[{protein.id}](https://www.uniprot.org/uniprotkb/{protein.id})"
        name = protein.description.partition("GN=")[2].split()[0]
        cells = [f"{len(rows)} of {len(scored()[protein.id])}", str(hits), f"{_auroc(protein.id):.3f}"]
        summary.append([f"{name}, {title}", _used_as(found["files"][protein.id]), *cells])
        details += [[name, *row["cells"]] for row in rows]
    header = [
        "protein",
        "in the model's data",
        "known sites",
        "of these called at 5 %",
        "AUROC within protein",
    ]
    unread = f" Files not read: {', '.join(found['not_read'])}." if found["not_read"] else ""
    note = (
        f"Of {known} known sites {called} are called at 5 % false positives.{unread} All other S, T and Y of a "
        "protein count as negative in the AUROC, though some of them are phosphorylated as well."
    )
    columns = ["protein", "site", "known as", "probability", "fpr", "call", "rank"]
    folded = [
        "<details markdown>",
        "<summary>Site by site</summary>",
        "",
        *table(columns, details),
        "",
        "</details>",
    ]
    return "\n".join([*table(header, summary), "", note, "", *folded])


def _known_rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of the known sites of a protein, each with the cells to show."""
    sites, rows = literature_sites()[name], scored()[name]
    known = [row for row in rows if row["position"] in sites]
    for row in known:
        of_class = [one for one in rows if (one["residue"] == "Y") == (row["residue"] == "Y")]
        rank = 1 + sum(one["probability"] > row["probability"] for one in of_class)
        site, usual = f"{row['residue']}{row['position']}", sites[row["position"]][1]
        cells = [f"{row['probability']:.3f}", f"{row['fpr']:.3f}", row["call"]]
        row["cells"] = [site, usual if usual != site else "", *cells, f"{rank} of {len(of_class)}"]
    return known


def _auroc(name: str) -> float:
    truth = [row["position"] in literature_sites()[name] for row in scored()[name]]
    return float(roc_auc_score(truth, [row["probability"] for row in scored()[name]]))


def _used_as(files: list[dict[str, str]]) -> str:
    """Say in which sets a protein is."""
    roles = [title for role, title in ROLES.items() if any(file["role"] == role for file in files)]
    return ", ".join(roles) or "no"
