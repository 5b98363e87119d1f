"""The layouts of tables that are read, those of programs and generic ones."""

from collections.abc import Sequence

from phosphot5.data.files.tables import POSITION_COLUMNS, PROTEIN_COLUMNS
from phosphot5.data.sources.layout import Layout

__all__ = ["GENERIC", "LAYOUTS", "PEPTIDE", "find_layout"]

PROTEIN = (
    *PROTEIN_COLUMNS[:-1], "acc", "uniprot_accession", "protein_accession", "protein_ids", "protein_group",
    "ptm_protein_id", "protein_accessions", "proteins", "leading_proteins", "master_protein_accessions",
    "uniprot_ids", "uniprotkb", "uniprot_ac", "accession_number", "protein_accession_number", "swissprot",
    PROTEIN_COLUMNS[-1],
)  # fmt: skip
POSITION = (
    *POSITION_COLUMNS, "phosphosite", "ptm_site_location", "position_in_protein", "site_position", "ptm_site",
    "modification_site", "residue_number", "aa_position", "amino_acid_position",
)  # fmt: skip
RESIDUE = (
    "residue", "amino_acid", "aa", "code", "ptm_site_aa", "modified_residue", "target_amino_acid",
)  # fmt: skip
MODIFICATION = (
    "modification", "modifications", "modification_type", "mod_type", "ptm_type", "ptm", "mod",
    "ptm_modification_title", "modification_name",
)  # fmt: skip
LOCALISATION = (
    "localisation", "localization", "localisation_prob", "localization_prob", "localisation_probability",
    "localization_probability", "best_localization_probability", "site_probability", "ptm_site_probability",
    "ptm_site_confidence", "loc_prob", "loc_probability", "phosphosite_probability", "phospho_probability",
    "site_localization_probability", "ptm_localization_probability", "probability",
)  # fmt: skip
DECOY = ("reverse", "decoy", "is_decoy", "EG.IsDecoy")
CONTAMINANT = ("potential_contaminant", "contaminant", "is_contaminant")
PEPTIDE = (
    "modified_sequence", "modified_peptide", "modified_peptide_sequence", "peptidoform", "proforma",
    "annotated_sequence", "peptide_sequence", "peptide", "sequence",
)  # fmt: skip
_FOREIGN = {"decoy": DECOY, "contaminant": CONTAMINANT}
_PHOSPHO_COLUMN = r"~sty799[67]\d*"
"""Plain name of FragPipe's column of PTMProphet, ``STY:79.9663``."""

MAXQUANT = (
    Layout(
        "maxquant",
        "Phospho (STY)Sites.txt of MaxQuant",
        (("Positions within proteins",), ("Localization prob",)),
        "sites",
        _FOREIGN
        | {
            "protein": ("Proteins",),
            "position": ("Positions within proteins",),
            "residue": ("Amino acid",),
            "localisation": ("Localization prob",),
            "leading": ("Leading proteins",),
        },
        ("protein", "position", "residue", "localisation"),
    ),
    Layout(
        "maxquant",
        "evidence.txt or msms.txt of MaxQuant",
        (
            ("Modified sequence",),
            ("Leading proteins", "Proteins"),
            ("MS/MS count", "Raw file", "Evidence IDs"),
        ),
        "peptides",
        _FOREIGN
        | {
            "peptide": ("Modified sequence",),
            "protein": ("Leading proteins", "Proteins"),
            "probabilities": ("Phospho (STY) Probabilities",),
        },
        ("peptide", "protein"),
    ),
)
DIANN = (
    Layout(
        "diann",
        "site report of DIA-NN",
        (
            ("Protein",),
            ("Site",),
            ("Residue",),
            ("Occupied", "Probability"),
            ("Modification", "Precursor.Id"),
        ),
        "sites",
        {
            "protein": ("Protein",),
            "position": ("Site",),
            "residue": ("Residue",),
            "modification": ("Modification",),
            "localisation": ("Probability",),
            "occupied": ("Occupied",),
            "decoy": ("Decoy",),
        },
        ("protein", "position", "residue", "localisation"),
    ),
    Layout(
        "diann",
        "phosphosites_90.tsv or phosphosites_99.tsv of DIA-NN",
        (("Protein",), ("Residue",), ("Site",), ("Sequence",)),
        "sites",
        {"protein": ("Protein",), "position": ("Site",), "residue": ("Residue",)},
    ),
    Layout(
        "diann",
        "report of precursors of DIA-NN",
        (
            ("Modified.Sequence",),
            ("Protein.Ids", "Protein.Group"),
            ("Precursor.Id", "Stripped.Sequence", "Run"),
        ),
        "peptides",
        {
            "peptide": ("Modified.Sequence",),
            "protein": ("Protein.Ids", "Protein.Group"),
            "probabilities": ("Site.Occupancy.Probabilities",),
            "localisation": ("PTM.Site.Confidence",),
            "sites": ("Protein.Sites",),
            "decoy": ("Decoy",),
        },
        ("peptide", "protein"),
    ),
    Layout(
        "diann",
        "table with the column Protein.Sites of DIA-NN",
        (("Protein.Sites",),),
        "lists",
        {
            "position": ("Protein.Sites",),
            "occupancy": ("Site.Occupancy.Probabilities",),
            "localisation": ("PTM.Site.Confidence",),
            "decoy": ("Decoy",),
        },
        ("position",),
    ),
)
SPECTRONAUT = (
    Layout(
        "spectronaut",
        "PTM site report of Spectronaut",
        (("PTM.SiteLocation",), ("PTM.ProteinId", "PG.UniProtIds", "PG.ProteinAccessions")),
        "sites",
        _FOREIGN
        | {
            "protein": ("PTM.ProteinId", "PG.UniProtIds", "PG.ProteinAccessions"),
            "position": ("PTM.SiteLocation",),
            "residue": ("PTM.SiteAA",),
            "modification": ("PTM.ModificationTitle",),
            "localisation": ("PTM.SiteProbability", "~.*ptmsiteprobability"),
        },
    ),
    Layout(
        "spectronaut",
        "peptides or precursors of Spectronaut",
        (
            ("EG.ModifiedSequence", "EG.ModifiedPeptide", "EG.PrecursorId", "FG.LabeledSequence"),
            (
                "PG.ProteinAccessions",
                "PG.ProteinGroups",
                "PG.UniProtIds",
                "PEP.AllOccurringProteinAccessions",
            ),
        ),
        "peptides",
        _FOREIGN
        | {
            "peptide": ("EG.ModifiedSequence", "EG.ModifiedPeptide", "EG.PrecursorId", "FG.LabeledSequence"),
            "protein": ("PG.ProteinAccessions", "PG.ProteinGroups", "PG.UniProtIds"),
            "probabilities": ("EG.PTMLocalizationProbabilities", "~.*egptmlocalizationprobabilities"),
            "localisation": ("EG.PTMAssayProbability", "~.*egptmassayprobability"),
            "start": ("PEP.PeptidePosition",),
        },
        ("peptide", "protein"),
    ),
)
FRAGPIPE = (
    Layout(
        "fragpipe",
        "combined_site_STY_79.9663.tsv, abundance_single-site or abundance_multi-site of FragPipe",
        (("Index",), ("Protein", "ProteinID", "Protein ID"), ("Best Localization Probability", "SequenceWindow",
         "MaxPepProb", "Gene")),
        "lists",
        _FOREIGN
        | {
            "position": ("Index",),
            "protein": ("Protein ID", "ProteinID", "Protein"),
            "localisation": ("Best Localization Probability", "~.*localizationprobability"),
        },
        unless=POSITION,
    ),
    Layout(
        "fragpipe",
        "psm.tsv, ion.tsv or combined_modified_peptide.tsv of FragPipe",
        (("Peptide", "Peptide Sequence"), ("Assigned Modifications",), ("Protein", "Protein ID")),
        "peptides",
        _FOREIGN
        | {
            "peptide": ("Peptide", "Peptide Sequence"),
            "modifications": ("Assigned Modifications",),
            "protein": ("Protein", "Protein ID"),
            "probabilities": (_PHOSPHO_COLUMN,),
            "localisation": (_PHOSPHO_COLUMN + "bestlocalization",),
            "start": ("Protein Start", "Start"),
        },
        ("peptide", "protein"),
    ),
)  # fmt: skip
PROTEOME_DISCOVERER = (
    Layout(
        "proteome-discoverer",
        "peptide groups of Proteome Discoverer",
        (("Modifications in Master Proteins", "Modifications in Proteins"),),
        "lists",
        _FOREIGN | {"position": ("Modifications in Master Proteins", "Modifications in Proteins")},
        ("position",),
    ),
    Layout(
        "proteome-discoverer",
        "modification sites of Proteome Discoverer",
        (("Modification Name",), ("Protein Accession", "Protein Accessions"), ("Position", "Position in Protein")),
        "sites",
        _FOREIGN
        | {
            "protein": ("Protein Accession", "Protein Accessions", "Master Protein Accessions"),
            "position": ("Position in Protein", "Position"),
            "residue": ("Target Amino Acid", "Amino Acid", "Target"),
            "modification": ("Modification Name",),
            "localisation": (
                "Best Site Probability", "Site Probability", "Best Localization Probability", "~.*siteprobability",
                "~.*bestptmrs.*",
            ),
        },
        percent=True,
    ),
    Layout(
        "proteome-discoverer",
        "peptides or PSMs of Proteome Discoverer",
        (
            ("Annotated Sequence", "Sequence"), ("Modifications",),
            ("Master Protein Accessions", "Protein Accessions", "Protein Group Accessions"),
        ),
        "peptides",
        _FOREIGN
        | {
            "peptide": ("Annotated Sequence", "Sequence"),
            "start": ("Positions in Master Proteins", "Positions in Proteins"),
            "modifications": ("Modifications",),
            "protein": ("Master Protein Accessions", "Protein Accessions", "Protein Group Accessions"),
            "probabilities": (
                "ptmRS: Best Site Probabilities", "PhosphoRS: Best Site Probabilities",
                "phosphoRS Site Probabilities", "~(ptm|phospho)rs.*(bestsite|siteprob).*",
            ),
        },
        ("peptide", "modifications", "protein"),
        percent=True,
    ),
)  # fmt: skip
PHOSPHOSITEPLUS = (
    Layout(
        "phosphositeplus",
        "Phosphorylation_site_dataset of PhosphoSitePlus",
        (("ACC_ID",), ("MOD_RSD",), ("ORGANISM", "SITE_GRP_ID", "LT_LIT", "GENE", "PROTEIN")),
        "sites",
        {"protein": ("ACC_ID",), "position": ("MOD_RSD",), "organism": ("ORGANISM",)},
        facts=("LT_LIT", "MS_LIT", "MS_CST"),
    ),
    Layout(
        "phosphositeplus",
        "Kinase_Substrate_Dataset of PhosphoSitePlus",
        (("SUB_ACC_ID",), ("SUB_MOD_RSD",)),
        "sites",
        {"protein": ("SUB_ACC_ID",), "position": ("SUB_MOD_RSD",), "organism": ("SUB_ORGANISM",)},
        facts=("KINASE",),
    ),
)
UNIPROT = (
    Layout(
        "uniprot-tsv",
        "UniProtKB entries as TSV or Excel, with the column Modified residue",
        (("Entry",), ("Modified residue",)),
        "lists",
        {"protein": ("Entry",), "position": ("Modified residue",), "sequence": ("Sequence",)},
        unless=POSITION,
    ),
)
_SITE_ROWS = _FOREIGN | {
    "protein": PROTEIN,
    "position": POSITION,
    "residue": RESIDUE,
    "state": ("state", "label"),
    "evidence": ("evidence",),
    "modification": MODIFICATION,
    "localisation": LOCALISATION,
    "sequence": ("protein_sequence", "sequence"),
}
GENERIC = (
    Layout("table", "CSV, TSV, Excel or Parquet with a site a row", (PROTEIN, POSITION), "sites", _SITE_ROWS),
    Layout(
        "table",
        "table with a column Index of sites such as P04637_S15",
        (("Index",), PROTEIN),
        "lists",
        _FOREIGN | {"position": ("Index",), "protein": PROTEIN, "localisation": LOCALISATION},
    ),
    Layout(
        "peptides",
        "CSV, TSV, Excel or Parquet with a modified peptide a row",
        (PEPTIDE[:-3],),
        "peptides",
        _FOREIGN
        | {
            "peptide": PEPTIDE,
            "protein": PROTEIN,
            "evidence": ("evidence",),
            "start": ("start", "peptide_start", "start_position", "protein_start", "peptide_position"),
            "localisation": LOCALISATION,
        },
        ("peptide",),
    ),
)
LAYOUTS = (
    *MAXQUANT, *DIANN, *SPECTRONAUT, *FRAGPIPE, *PROTEOME_DISCOVERER, *PHOSPHOSITEPLUS, *UNIPROT, *GENERIC,
)  # fmt: skip
"""Every layout, those that are known by more columns first."""


def find_layout(header: Sequence[str], layouts: Sequence[Layout] = LAYOUTS) -> Layout | None:
    """Return the first layout that fits the names of the columns, None if there is none."""
    return next((layout for layout in layouts if layout.fits(header)), None)
