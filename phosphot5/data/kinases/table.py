"""Tables of sites and the kinases that phosphorylate them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from phosphot5.data.files.sheets import read_sheet
from phosphot5.data.files.tables import (
    POSITION_COLUMNS,
    PROTEIN_COLUMNS,
    find_columns,
    one_letter,
    parse_site,
    plain_name,
)
from phosphot5.data.kinases.families import Family, known_families
from phosphot5.data.records import Protein
from phosphot5.data.uniprot import accession
from phosphot5.errors import InputFormatError
from phosphot5.output import PathLike
from phosphot5.wording import counted

__all__ = ["KinaseSites", "read_kinase_table"]

RESIDUE_COLUMNS = ("residue", "aa", "amino_acid")
KINASE_COLUMNS = ("kinase", "kinase_gene", "kin_gene", "gene_kinase", "kinase_symbol")
FAMILY_COLUMNS = ("family", "kinase_family")


@dataclass
class KinaseSites:
    """Sites and the families that phosphorylate them.

    Attributes
    ----------
    families : dict of str to Family
        Families that may occur: the known ones, and those that a table brings.
    of_protein : dict of str to dict
        Identifier to 0-based position to the names of families.
    counts : Counter
        What became of the rows.
    """

    families: dict[str, Family] = field(default_factory=lambda: dict(known_families()))
    of_protein: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, protein: str, index: int, names: Iterable[str]) -> None:
        """Note families of a site, whether or not it has some already."""
        self.of_protein.setdefault(protein, {}).setdefault(index, set()).update(names)

    def number_of_sites(self) -> dict[str, int]:
        """Return the number of sites of each family that has one."""
        sites = (names for positions in self.of_protein.values() for names in positions.values())
        return dict(Counter(name for names in sites for name in names))

    def summary(self) -> str:
        """Return one line about the rows."""
        return "; ".join(f"{counted(number, 'row')} {what}" for what, number in self.counts.items())


def read_kinase_table(
    path: PathLike, proteins: Mapping[str, Protein], into: KinaseSites | None = None
) -> KinaseSites:
    """Read a table of sites with the kinase or the family of kinases of each.

    A column ``kinase`` has human gene symbols: the site is one of every family that the gene belongs to, groups
    included, and a gene of no family counts as some other kinase. A column ``family`` names a family; a name that is
    not known makes a family of its own.

    Parameters
    ----------
    path : str or os.PathLike
        Text, Excel or Parquet with columns for protein and position (from 1), kinase or family, and residue if there is
        one.
    proteins : mapping of str to Protein
        Sequences by accession.
    into : KinaseSites, optional
        Sites of tables read before, to which these are added.

    Returns
    -------
    KinaseSites
        ``into``, or a new one.

    Raises
    ------
    InputFormatError
        If a column is missing, or a site is no S, T or Y of its sequence; rows without a position and rows of other
        proteins are counted.
    """
    found = KinaseSites() if into is None else into
    known = {plain_name(name) for name in (*KINASE_COLUMNS, *FAMILY_COLUMNS)}
    sheet = read_sheet(path, lambda cells: any(plain_name(cell) in known for cell in cells))
    needed = {"protein": PROTEIN_COLUMNS, "position": POSITION_COLUMNS}
    optional = {"residue": RESIDUE_COLUMNS, "kinase": KINASE_COLUMNS, "family": FAMILY_COLUMNS}
    columns = find_columns(sheet.header, needed, optional, path=path, line=sheet.line)
    if not {"kinase", "family"} & columns.keys():
        raise InputFormatError(
            f"the columns {', '.join(map(repr, sheet.header[:8]))}",
            "one called kinase or family",
            path=path,
            line=sheet.line,
        )
    for number, row in sheet:
        cells = {role: row[at] if at < len(row) else "" for role, at in columns.items()}
        cells["protein"] = accession(cells["protein"])
        if any(cells.values()):
            try:
                _add(found, cells, proteins)
            except InputFormatError as error:
                raise error.at(path=path, line=number, record=cells["protein"]) from None
    return found


def _add(found: KinaseSites, cells: Mapping[str, str], proteins: Mapping[str, Protein]) -> None:
    """Add one row, or count why not."""
    protein = proteins.get(cells["protein"])
    if protein is None:
        found.counts["of proteins without a sequence"] += 1
        return
    if not cells["position"]:
        found.counts["without a position"] += 1
        return
    residue, position = parse_site(cells["position"])
    residue = one_letter(cells.get("residue", "")) or residue
    actual = protein.sequence[position - 1 : position]
    if actual not in set("STY") or (residue and residue != actual):
        raise InputFormatError(
            f"residue {residue or actual or 'none'!r} at position {position}",
            f"{actual}, as in the sequence" if actual in set("STY") else "S, T or Y there",
            "check which sequence the table is of",
        )
    names = _names(found, cells, "Y" if actual == "Y" else "ST")
    found.counts["read" if names else "of kinases in no family"] += 1
    found.add(cells["protein"], position - 1, names)


def _names(found: KinaseSites, cells: Mapping[str, str], residues: str) -> list[str]:
    """Return the families of a row's kinase, and the groups of a row's family."""
    kinase, name = cells.get("kinase", "").upper(), cells.get("family", "")
    if name and not kinase:
        family = found.families.setdefault(name, Family(name, residues, frozenset({name})))
        if family.residues != residues:
            raise InputFormatError(f"{name} at a residue of {residues}", f"one of {family.residues}")
        return [other.name for other in found.families.values() if family.members <= other.members]
    return [
        family.name
        for family in found.families.values()
        if kinase in family.members and family.residues == residues
    ]
