"""UniProtKB entries that tests compose."""

P53 = "MEEPQSDPSVEPPLSQETFSDLWKLLPENNVLSPLPSQAMDDLMLSPDDIEQWFTEDPGP"
"""The first 60 residues of human p53: S at 6, 9, 15, 20, 33, 37, 46; T at 18, 55; no Y."""


def flat_text(name="P04637", features="", sequence=P53, length=None):
    """Return a UniProtKB entry as text."""
    blocks = [sequence[start : start + 10] for start in range(0, len(sequence), 10)]
    return (
        f"ID   P53_HUMAN               Reviewed;         {length or len(sequence)} AA.\n"
        f"AC   {name}; Q15086; Q15087;\n"
        "DT   13-AUG-1987, integrated into UniProtKB/Swiss-Prot.\n"
        "DE   RecName: Full=Cellular tumor antigen p53;\n"
        "OS   Homo sapiens (Human).\nOX   NCBI_TaxID=9606;\n"
        "RN   [1]\nRP   PHOSPHORYLATION AT SER-15.\nCC   -!- FUNCTION: Many things.\n"
        f"{features}SQ   SEQUENCE   {length or len(sequence)} AA;  6700 MW;  AD5C149FD8106131 CRC64;\n"
        f"     {' '.join(blocks)}\n//\n"
    )


def flat_feature(position, note, evidence):
    """Return a MOD_RES feature, its evidence on two lines if it has a comma."""
    lines = [f"FT   MOD_RES         {position}", f'FT                   /note="{note}"']
    if evidence:
        text = evidence.replace(", ", ",\nFT                   ")
        lines.append(f'FT                   /evidence="{text}"')
    return "\n".join([*lines, ""])
