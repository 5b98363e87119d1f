"""The same identified peptides, and the same entry, as every program and format writes them."""

import json

from entries import flat_feature, flat_text
from proteins import ONE, TWO

PEPTIDES = [
    ("MGSLPK", {3: 0.99}, {}, [("Q11111", 1)]),
    ("TAEYVR", {4: 0.8}, {1: 0.2}, [("Q11111", 7), ("Q22222", 17)]),
    ("VDSTGR", {4: 0.6}, {3: 0.4}, [("Q22222", 5)]),
    ("SDSPGR", {1: 0.95, 3: 0.9}, {}, [("Q11111", 13)]),
    ("PLYEDK", {}, {}, [("Q22222", 11)]),
]
"""Peptide, phosphorylated places and other candidates with their probabilities, places in proteins."""
SITES = [(3, "Phosphoserine", "ECO:0000269"), (10, "Phosphotyrosine; by X", "ECO:0007744")]
SITES += [(13, "Phosphoserine", "ECO:0000250"), (6, "N6-acetyllysine", "ECO:0000269")]


def table(header, rows, delimiter="\t"):
    return "".join(delimiter.join(map(str, row)) + "\n" for row in [header.split("|"), *rows])


def marked(sequence, sites, form):
    """Write a peptide, ``form`` behind each phosphorylated residue."""
    return "".join(letter + form * (at in sites) for at, letter in enumerate(sequence, 1))


def scored(sequence, values, form):
    """Write a peptide with the probability of each candidate behind it."""
    return "".join(
        letter + (form.format(values[at]) if at in values else "") for at, letter in enumerate(sequence, 1)
    )


def placed():
    """Yield protein, residue, position, probability of every phosphorylated site, and whether it is the first."""
    for sequence, sites, _, proteins in PEPTIDES:
        for at, value in sites.items():
            for name, start in proteins:
                yield name, sequence[at - 1], start + at - 1, value, name == proteins[0][0]


def names(proteins):
    return ";".join(name for name, _ in proteins)


def maxquant():
    sites = []
    for sequence, chosen, others, proteins in PEPTIDES:
        for at, value in (chosen | others).items():
            positions = ";".join(str(start + at - 1) for _, start in proteins)
            sites.append([names(proteins), positions, names(proteins), value, sequence[at - 1], ""])
    evidence = [
        [f"_{marked(s, c, '(Phospho (STY))')}_", scored(s, c | o, "({})"), names(p), names(p), "raw", ""]
        for s, c, o, p in PEPTIDES
    ]
    header = "Modified sequence|Phospho (STY) Probabilities|Proteins|Leading proteins|Raw file|Decoy"
    return {
        "sites": table(
            "Proteins|Positions within proteins|Leading proteins|Localization prob|Amino acid|Decoy", sites
        ),
        "evidence": table(header, evidence),
        "evidence of old": table(header.replace("Decoy", "Reverse"), evidence).replace(
            "(Phospho (STY))", "(ph)"
        ),
    }


def diann():
    report = []
    for sequence, chosen, others, proteins in PEPTIDES:
        text = marked(sequence, chosen, "(UniMod:21)")
        values = chosen | others
        occupied = "".join(
            letter + "(UniMod:21)" * (at in chosen) + (f"{{{values[at]:.6f}}}" if at in values else "")
            for at, letter in enumerate(sequence, 1)
        )
        cells = [
            f"[{name}:{','.join(f'{sequence[at - 1]}{start + at - 1}' for at in chosen)}]"
            for name, start in proteins
        ]
        lowest = min(chosen.values(), default=1)
        report.append(
            [
                "run",
                f"{text}2",
                text,
                names(proteins),
                names(proteins),
                lowest,
                f"{occupied}2",
                ";".join(cells),
            ]
        )
    header = "Run|Precursor.Id|Modified.Sequence|Protein.Group|Protein.Ids|PTM.Site.Confidence"
    sites = [["run", "p", n, r, at, "UniMod:21", 1, value] for n, r, at, value, _ in placed()]
    matrix = [[n, "x", "g", r, at, "PEPTIDE", 1] for n, r, at, value, _ in placed() if value >= 0.9]
    return {
        "report": table(f"{header}|Site.Occupancy.Probabilities|Protein.Sites", report),
        "site report": table(
            "Run|Precursor.Id|Protein|Residue|Site|Modification|Occupied|Probability", sites
        ),
        "phosphosites_90": table("Protein|Protein.Names|Gene.Names|Residue|Site|Sequence|run", matrix),
    }


def spectronaut():
    sites = [[n, r, at, "Phospho (STY)", value] for n, r, at, value, _ in placed()]
    peptides = [
        [names(p), f"_{marked(s, c, '[Phospho (STY)]')}_", f"_{scored(s, c | o, '[Phospho (STY): {:.0%}]')}_"]
        for s, c, o, p in PEPTIDES
    ]
    return {
        "sites": table(
            "PTM.ProteinId|PTM.SiteAA|PTM.SiteLocation|PTM.ModificationTitle|PTM.SiteProbability", sites
        ),
        "peptides": table(
            "PG.ProteinAccessions|EG.ModifiedSequence|EG.PTMLocalizationProbabilities", peptides
        ),
    }


def fragpipe():
    sites = [[f"{n}_{r}{at}", "G", n, "x", value] for n, r, at, value, first in placed() if first]
    spectra = [
        [s, ", ".join(f"{at}{s[at - 1]}(79.9663)" for at in c), scored(s, c | o, "({})"), p[0][0]]
        for s, c, o, p in PEPTIDES
    ]
    return {
        "combined sites": table("Index|Gene|Protein ID|Peptide|Best Localization Probability", sites),
        "spectra": table("Peptide|Assigned Modifications|STY:79.9663|Protein ID", spectra),
    }


def proteome_discoverer():
    def percent(value):
        return f"{value * 100:g}"

    def listed(sequence, sites, start=1):
        places = "; ".join(f"{sequence[at - 1]}{at + start - 1}({percent(v)})" for at, v in sites.items())
        return f"{len(sites)}xPhospho [{places}]" if sites else ""

    groups = [
        [f"[K].{s}.[R]", listed(s, c), names(p), "; ".join(f"{n} {listed(s, c, at)}" for n, at in p if c)]
        for s, c, _, p in PEPTIDES
    ]
    spectra = [
        [
            s.lower(),
            "; ".join(f"{s[at - 1]}{at}(Phospho)" for at in c),
            names(p),
            "; ".join(f"{s[at - 1]}{at}(Phospho): {percent(v)}" for at, v in (c | o).items()),
        ]
        for s, c, o, p in PEPTIDES
    ]
    sites = [["Phospho", r, at, n, percent(value)] for n, r, at, value, _ in placed()]
    header = "Annotated Sequence|Modifications|Master Protein Accessions"
    return {
        "groups": table(f"{header}|Modifications in Master Proteins", groups),
        "groups without places": table(header, [row[:3] for row in groups]),
        "spectra": table(f"{header}|ptmRS: Best Site Probabilities", spectra),
        "sites": table(
            "Modification Name|Target Amino Acid|Position|Protein Accession|Best Site Probability", sites
        ),
    }


def own():
    rows = [[n, at, r, value] for n, r, at, value, _ in placed()]
    peptides = [
        [marked(s, c, "[Phospho]"), names(p)] for s, c, _, p in PEPTIDES if min(c.values(), default=1) >= 0.75
    ]
    mztab = [
        [s, 1, n, ",".join(f"{at}[MS,MS:1001876,x,{v}]-UNIMOD:21" for at, v in c.items()) or "null"]
        for s, c, _, p in PEPTIDES
        for n, _ in p
    ]
    header = "accession|position|residue|localization_prob"
    return {
        "tabs": table(header, rows),
        "semicolons": table(header, rows, ";").replace("0.", "0,"),
        "peptides": table("modified_sequence|protein", peptides),
        "mztab": "MTD\tmzTab-version\t1.0.0\nPSH\t"
        + table("sequence|PSM_ID|accession|modifications", mztab).replace("\n", "\nPSM\t", len(mztab)),
    }


def phosphositeplus():
    rows = [["G", "P", n, f"{r}{at}-p", "human"] for n, r, at, value, _ in placed() if value >= 0.75]
    text = table("GENE|PROTEIN|ACC_ID|MOD_RSD|ORGANISM", rows)
    sequences = ""
    for name, sequence in (("Q11111", ONE), ("Q22222", TWO)):
        sites = {at for n, _, at, value, _ in placed() if n == name and value >= 0.75}
        letters = "".join(x.lower() if at in sites else x for at, x in enumerate(sequence, 1))
        sequences += f">GN:G|P|human|{name}\n{letters}\n"
    return {"table": text, "table with notice": f"011624\nPhosphoSitePlus\n\n{text}", "sequences": sequences}


def uniprot():
    features = [
        {
            "type": "Modified residue",
            "location": {end: {"value": position, "modifier": "EXACT"} for end in ("start", "end")},
            "description": note,
            "evidences": [{"evidenceCode": code}],
        }
        for position, note, code in SITES
    ]
    entry = {"primaryAccession": "Q11111", "features": features, "sequence": {"value": ONE}}
    xml = "".join(
        f'<feature type="modified residue" description="{note}" evidence="{key}"><location>'
        f'<position position="{position}"/></location></feature>'
        for key, (position, note, _) in enumerate(SITES)
    )
    keys = "".join(f'<evidence key="{key}" type="{code}"/>' for key, (*_, code) in enumerate(SITES))
    gff = "".join(
        f"Q11111\tUniProtKB\tModified residue\t{at}\t{at}\t.\t.\t.\tNote={note.replace(';', '%3B')};evidence={code}\n"
        for at, note, code in SITES
    )
    cell = "; ".join(f'MOD_RES {at}; /note="{note}"; /evidence="{code}"' for at, note, code in SITES)
    return {
        "text": flat_text("Q11111", "".join(flat_feature(*site) for site in SITES), ONE),
        "xml": f'<uniprot xmlns="http://uniprot.org/uniprot"><entry><accession>Q11111</accession>{xml}{keys}'
        f"<sequence>{ONE}</sequence></entry></uniprot>",
        "json": json.dumps({"results": [entry]}),
        "gff": f"##gff-version 3\n{gff}",
        "tsv": table("Entry|Modified residue|Sequence", [["Q11111", cell, ONE]]),
    }


SOURCES = {
    function.__name__: function()
    for function in (
        maxquant, diann, spectronaut, fragpipe, proteome_discoverer, phosphositeplus, uniprot, own,
    )
}  # fmt: skip
"""Name of a source, to its formats, to what a file of them holds."""
