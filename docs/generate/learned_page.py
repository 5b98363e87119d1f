"""Write the page that shows the results of learned.py; every figure comes from the results."""

from collections.abc import Mapping
from typing import Any

from benchmarks.learned import logos
from docs.generate.learned_pictures import enrichments
from docs.generate.tables import load, source, table

FIGURES = ("prevalence", "mean_probability", "auroc", "ap")


def how_well(correlation: float) -> str:
    """Put a correlation into words."""
    for limit, word in ((0.8, "closely"), (0.6, "well"), (0.4, "in part")):
        if correlation >= limit:
            return word
    return "little"


def learned() -> str:
    """Return the page of the results."""
    return page(load("learned"))


def page(result: Mapping[str, Any]) -> str:
    """Return the page of a result."""
    parts = [_opening, _logo_part, _class_part, _motif_part, _mutation_part, _bias_part, _closing]
    return "\n".join(line for part in parts for line in part(result))


def _opening(result: Mapping[str, Any]) -> list[str]:
    return [
        f"Kinases recognise the residues around a site. Does the model, {result['model']}, "
        f"{result['parameters'] / 1e6:.1f} M parameters, know what they look for? It was never told about kinases: it "
        "saw proteins and which of their S, T and Y are phosphorylated. Everything below is measured on the "
        f"{result['proteins']:,} proteins of `{result['set'].split(',')[0]}`, on which models are chosen but not "
        "trained, and on their measured sites: those that are phosphorylated, and those in proteins that were "
        "looked at and not found so.",
        "",
    ]


def _logo_part(result: Mapping[str, Any]) -> list[str]:
    rows = result["residues"]
    limit = result["limits"]["top_per_protein"]
    lines = [
        "## Logos of the sites that score highest",
        "",
        f"Left, the sites that score highest, at most {limit} of a protein; right, those that are phosphorylated. "
        "The height of a letter is log2 of its frequency at that place over its frequency around all measured "
        "sites of the residue. Only what is enriched is drawn, by at least "
        f"{logos.SIGNIFICANT:g} standard errors and in at least {logos.FREQUENT:.0%} of the windows; the scales of the "
        "panels differ. Blue: basic, vermilion: acidic, black: proline, green: polar, grey: other.",
        "",
        "![Sequence logos of S, T and Y](images/learned/logos.png)",
        "",
    ]
    header = ["residue", "score highest", "of these phosphorylated", "most enriched among them"]
    header += ["most enriched among phosphorylated sites", "correlation", "two halves of the data"]
    lines += table(
        header,
        [
            [
                residue,
                f"{row['top']:,} of {row['measured']:,}",
                f"{row['top_phosphorylated'] / row['top']:.0%} (all: {row['phosphorylated'] / row['measured']:.0%})",
                ", ".join(row["strongest_top"]) or "-",
                ", ".join(row["strongest_phosphorylated"]) or "-",
                f"{row['correlation']:.2f}",
                f"{row['agreement_of_halves']:.2f}",
            ]
            for residue, row in rows.items()
        ],
    )
    words = ", ".join(f"{residue} {how_well(row['correlation'])}" for residue, row in rows.items())
    return [
        *lines,
        "",
        "Correlation: of the whole matrices left and right, all letters and places. Beside it, for comparison, that of "
        "two matrices of phosphorylated sites, each from a random half of the proteins: so far do the data agree with "
        f"themselves. The logos of the best sites agree with those of the phosphorylated ones: {words}.",
        "",
    ]


def _class_part(result: Mapping[str, Any]) -> list[str]:
    header = ["class", "measured sites", "share of them", "of phosphorylated", "of the highest scores"]
    header += ["phosphorylated", "mean probability", "AUROC", "AP"]
    rows = [
        [
            f"{kind}, {name}",
            f"{row['sites']:,}",
            *(f"{row[f'share_of_{which}']:.1%}" for which in ("measured", "phosphorylated", "top")),
            *(f"{row[key]:.3f}" if key in row else "-" for key in FIGURES),
        ]
        for kind, classes in result["classes"].items()
        for name, row in ({"all": _all_of(result["overall"][kind])} | classes).items()
    ]
    return [
        "## Proline-directed, acidophilic, basophilic",
        "",
        "S and T sorted by the decision tree of Villén et al. (PNAS 104:1488, 2007), first answer counts: P at +1, "
        "proline-directed (CDK, MAPK); five or more D or E from +1 to +6, acidophilic (CK2); R or K at -3, basophilic "
        "(PKA, AKT, CaMK); D or E from +1 to +3, acidophilic; two or more R or K from -6 to -1, basophilic; else "
        "other. Y by the preferences of Abl, Src and EGFR (Songyang et al., Nature 373:536, 1995): P at +3; D or E "
        "from -3 to -1; D or E from +1 to +3; else other.",
        "",
        *table(header, rows),
        "",
        "AUROC and AP are within the class: how well the model tells sites apart that share the motif, where the "
        "motif itself is of no help. The mean probability beside the share of phosphorylated sites tells whether a "
        f"calibration made for all sites of a residue holds in the class. {_class_words(result)}",
        "",
        f"The S and T of each class that score highest (at most {result['limits']['class_per_protein']} of a protein), "
        "beside all phosphorylated ones of that class, both against all measured S and T and drawn as above. The "
        "letters that define a class are there by definition, what surrounds them is not.",
        "",
        "![Sequence logos of the motif classes](images/learned/classes.png)",
        "",
    ]


def _class_words(result: Mapping[str, Any]) -> str:
    """Say in words what the table of the classes tells of S and T."""
    classes = result["classes"]["S/T"]
    name, row = max(classes.items(), key=lambda item: item[1]["share_of_top"])
    areas = [c["auroc"] for c in classes.values() if "auroc" in c]
    gap = max(abs(c["prevalence"] - c["mean_probability"]) for c in classes.values() if c["sites"])
    words = [
        f"Among the S and T that score highest, {row['share_of_top']:.0%} are {name}, among the phosphorylated ones "
        f"{row['share_of_phosphorylated']:.0%}."
    ]
    if areas:
        words.append(
            f"Within the classes of S and T the AUROC runs from {min(areas):.3f} to {max(areas):.3f}, over all of "
            f"them it is {result['overall']['S/T']['auroc']:.3f}."
        )
    words.append(f"The mean probability is off by no more than {gap:.3f} in these classes.")
    return " ".join(words)


def _all_of(row: Mapping[str, float]) -> dict[str, float]:
    return dict(row) | {f"share_of_{name}": 1.0 for name in ("measured", "phosphorylated", "top")}


def _motif_part(result: Mapping[str, Any]) -> list[str]:
    points = {
        kind: [p for row in rows.values() if (p := enrichments(row))]
        for kind, rows in result["motifs"].items()
    }
    same = sum((x > 0) == (y > 0) for pairs in points.values() for x, y in pairs)
    total = sum(len(pairs) for pairs in points.values())
    header = ["motif", "known for", "measured sites", "phosphorylated", "mean probability"]
    header += ["AUROC within", "enriched among phosphorylated", "among highest scores"]
    rows = [
        [
            f"`{name}`",
            row["known_for"],
            f"{row['sites']:,}",
            *(f"{row[key]:.3f}" if key in row else "-" for key in FIGURES[:3]),
            *([f"{2**x:.2f}x" for x in pair] if (pair := enrichments(row)) else ["-", "-"]),
        ]
        for motifs in result["motifs"].values()
        for name, row in motifs.items()
    ]
    return [
        "## Known motifs one by one",
        "",
        f"Motifs overlap: a site may have several. {same} of {total} are on the same side for the model as for the "
        "cell: enriched among the sites that score highest and among those that are phosphorylated, or depleted in "
        "both. On the dotted line both are the same; a motif above it is more frequent among the sites the model "
        "is most certain of than among phosphorylated sites in general.",
        "",
        "![Enrichment of known motifs](images/learned/motifs.png)",
        "",
        *table(header, rows),
        "",
    ]


def _mutation_part(result: Mapping[str, Any]) -> list[str]:
    found = result["mutations"]
    count = ", ".join(f"{number} {residue}" for residue, number in found["sites"].items())
    letters = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in found["strongest"].items())
    agree = "; ".join(
        f"{kind} {value:.2f} ({how_well(value)})"
        for kind, value in found["correlation_with_phosphorylated"].items()
    )
    reaches = list(next(iter(found["share_within"].values())))
    rows = [
        [residue, *(f"{shares[reach]:.0%}" for reach in reaches)]
        for residue, shares in found["share_within"].items()
    ]
    return [
        "## Mutations in silico",
        "",
        f"What does a residue do to the score of a site beside it? {count} that are phosphorylated, drawn at random, "
        f"one of a protein, in segments of {found['segment_residues']} residues (log2-odds in the segment and in the "
        f"whole protein correlate with {found['correlation_with_whole_protein']:.2f}). Each of the 20 letters is put "
        f"at each place from -{logos.HALF} to +{logos.HALF}, and the site is scored again; shown is the mean change "
        "of the calibrated log2-odds, compared with a random letter at that place.",
        "",
        "![What each letter does to the score](images/learned/letters.png)",
        "",
        f"The letters that raise the score most are, in this order, {letters}. Correlation with the log2 enrichment "
        f"around phosphorylated sites, over all letters and places: {agree}.",
        "",
        "How far the model looks: the mean size of the change when one residue is replaced by a random other one."
        + _reach_words(result["reach_of_layers"]),
        "",
        "![Size of the change by offset](images/learned/reach.png)",
        "",
        f"Share of the sum of all changes within {found['segment_residues'] // 2} residues that lies near the site:",
        "",
        *table(["residue", *(f"within {reach}" for reach in reaches)], rows),
        "",
    ]


def _reach_words(reach: Mapping[str, int]) -> str:
    """Say what the parts of the encoder reach; an empty text where nothing limits them."""
    names = {"convolution": "its convolution", "attention": "attention, in a layer,"}
    words = [f"{names[part]} reaches {residues} residues to either side" for part, residues in reach.items()]
    return f" In the encoder, {' and '.join(words)}." if words else ""


def _bias_part(result: Mapping[str, Any]) -> list[str]:
    if not result["position_bias"]:
        return []
    return [
        "## Where attention looks",
        "",
        "The learned position bias of each head by the offset of the residue looked at, its mean taken off: what is "
        "added to the attention score before any residue is known. In cross-attention the query is the residue that "
        "is being written, and offset 0 the same residue in the source.",
        "",
        "![Position bias of attention](images/learned/position_bias.png)",
        "",
    ]


def _closing(result: Mapping[str, Any]) -> list[str]:
    return [
        "## What this does not show",
        "",
        "- A motif is no kinase: many kinases share one, and structure, place and partners decide as well.",
        "- Which sites are known is biased towards what mass spectrometry sees; the model learns that bias too.",
        "- A change of the score is a statement about the model, not about the protein.",
        "",
        f"{source(result)}",
    ]
