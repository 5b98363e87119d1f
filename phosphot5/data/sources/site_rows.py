"""Labels from rows that are a site, or have a cell that lists sites."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from phosphot5.data.account import AMBIGUOUS, ANOTHER_MODIFICATION
from phosphot5.data.files.numbers import decimal_number
from phosphot5.data.files.tables import AnotherModificationError, one_letter, parse_site
from phosphot5.data.identifiers import identity
from phosphot5.data.peptides.modified import parse_modified_peptide
from phosphot5.data.records import PHOSPHO_RESIDUES, SiteState
from phosphot5.data.sources.peptide_rows import split_proteins
from phosphot5.data.sources.read_context import ReadContext, SiteLabel
from phosphot5.data.sources.site_lists import SITE_LISTS, ListedSite
from phosphot5.data.sources.table_columns import Columns
from phosphot5.data.uniprot import is_phosphorylation, phosphorylated_residue
from phosphot5.errors import InputFormatError

__all__ = ["STATES", "listed_labels", "site_labels"]

STATES = {
    "positive": SiteState.POSITIVE,
    "1": SiteState.POSITIVE,
    "true": SiteState.POSITIVE,
    "negative": SiteState.NEGATIVE,
    "0": SiteState.NEGATIVE,
    "false": SiteState.NEGATIVE,
    "unknown": SiteState.UNKNOWN,
}
"""What a state may be called."""
_NO = ("0", "false", "no", "-")
_NOTHING = ("", "nan", "na", "n/a", "null", "none")

Labels = list[tuple[str, SiteLabel]]


def site_labels(
    context: ReadContext, columns: Columns, row: list[str], cells: dict[str, str], line: int
) -> Labels:
    """Return proteins and labels of a row with a site; those that are not taken are counted.

    Raises
    ------
    InputFormatError
        If a cell cannot be read, or contradicts another.
    """
    if reason := _passed_over(context, cells):
        context.leave_out(reason)
        return []
    places = _places(context, columns, cells, row)
    state = cells.get("state", "positive").lower()
    if state not in STATES:
        raise InputFormatError(f"state {cells['state']!r}", f"one of {', '.join(STATES)}")
    # a site of several proteins is one site
    residues = {residue: position for _, residue, position in places}
    right = {residue: context.on_phospho_residue(residue, at) for residue, at in residues.items()}
    taken = [place for place in places if right[place[1]]]
    judged = STATES[state]
    if not taken:
        return []
    if cells.get("occupied", "1").lower() in _NO:
        judged = SiteState.UNKNOWN
        context.leave_out("not the modified residue of its peptide")
        taken = taken if decimal_number(cells["localisation"]) else []
    elif judged is SiteState.UNKNOWN:
        context.leave_out("state given as unknown", len(taken))
    elif "localisation" in cells:
        judged = _localised(context, columns, cells, judged)
    evidence = _evidence(cells)
    return [
        (name, context.label(position, residue, judged, evidence, line)) for name, residue, position in taken
    ]


def _passed_over(context: ReadContext, cells: dict[str, str]) -> str:
    """Return the reason to pass over a whole row, empty if there is none."""
    if context.organism and cells.get("organism", context.organism).lower() != context.organism.lower():
        return "of another organism"
    if "modification" in cells and not is_phosphorylation(cells["modification"]):
        return ANOTHER_MODIFICATION if cells["modification"] else "no modification given"
    if cells["position"].lower() in _NOTHING and cells["protein"] and not context.known:
        return "no site given"
    return ""


def _evidence(cells: dict[str, str]) -> str:
    if "evidence" in cells or not cells.get("localisation"):
        return cells.get("evidence", "")
    return f"localisation={cells['localisation']}"


def _localised(context: ReadContext, columns: Columns, cells: dict[str, str], state: SiteState) -> SiteState:
    """Return the state in the light of the localisation probability."""
    try:
        localised = context.localised(cells["localisation"], 100 if columns.layout.percent else 1)
    except InputFormatError as error:
        error.found += f" in column {columns.name('localisation')!r}"
        raise
    return state if localised else SiteState.UNKNOWN


def listed_labels(context: ReadContext, columns: Columns, cells: dict[str, str], line: int) -> Labels:
    """Return proteins and labels of a row with a cell that lists sites; those that are not taken are counted.

    Raises
    ------
    InputFormatError
        If a cell cannot be read, or contradicts another.
    """
    if reason := context.excluded_by_mark(cells.get("decoy", ""), cells.get("contaminant", "")):
        context.leave_out(reason)
        return []
    read: Callable[[str], list[ListedSite]] = SITE_LISTS[columns.plain("position")]
    sites = [] if cells["position"].lower() in _NOTHING else read(cells["position"])
    if not sites:
        context.leave_out("no site given")
    sites = _with_occupancy(columns, sites, cells.get("occupancy", ""))
    localised: bool | None = None  # judged, and counted, once for the row
    labels: Labels = []
    for site in sites:
        name = site.protein or identity(cells.get("protein", "")).full
        if not name:
            raise InputFormatError("a row without protein", "one")
        if site.protein and "protein" in cells:
            _check_protein(columns, site.protein, cells["protein"])
        if reason := context.excluded(name):
            context.leave_out(reason)
        elif label := _from_list(context, site, line):
            own = site.probability is not None
            if "localisation" in cells and label.state and localised is None and not own:
                localised = bool(_localised(context, columns, cells, label.state))
            if localised is False and not own:
                label = SiteLabel(label.position, label.residue, SiteState.UNKNOWN, "", line)
            elif label.state:
                evidence = label.evidence or _evidence(cells)
                label = context.label(label.position, label.residue, label.state, evidence, line)
            labels.append((name, label))
    return labels


def _with_occupancy(columns: Columns, sites: list[ListedSite], text: str) -> list[ListedSite]:
    """Give the sites of a list their probabilities: a number, a number for each, or those of the peptide's sites."""
    if text.lower() in _NOTHING or not sites:
        return sites
    given: list[float | None] = [decimal_number(text)]
    if given == [None]:
        given = [decimal_number(part.strip()) for part in text.split(";")]
    if None in given:
        peptide = parse_modified_peptide(text).sites
        given = [peptide[at] for at in sorted(peptide)]
    values: list[ListedSite] = []
    number: Counter[str] = Counter()
    for site in sites:
        if site.residue in PHOSPHO_RESIDUES:
            index = number[site.protein] if len(given) > 1 else 0
            number[site.protein] += 1
            if index >= len(given):
                raise InputFormatError(
                    f"{text!r} in column {columns.name('occupancy')!r}",
                    f"a probability for each site in {columns.name('position')!r}",
                )
            site = replace(site, probability=given[index])
        values.append(site)
    return values


def _from_list(context: ReadContext, site: ListedSite, line: int) -> SiteLabel | None:
    """Judge one site of a list; a positive one is not counted yet."""
    if site.modification and not is_phosphorylation(site.modification):
        context.leave_out(ANOTHER_MODIFICATION)
        return None
    if site.note is not None and (site.position or not phosphorylated_residue(site.note)):
        return context.modified_residue(site.note, site.evidence, site.position, line, counted=False)
    if not site.position:
        context.leave_out("uncertain position" if site.note is not None else f"{AMBIGUOUS}: place not known")
        return None
    if not context.on_phospho_residue(site.residue, site.position, listed=True):
        return None
    state, evidence = SiteState.POSITIVE, ""
    if site.probability is not None:
        evidence = f"localisation={site.probability:g}"
        state = state if context.localised(f"{site.probability:.9g}") else SiteState.UNKNOWN
    return SiteLabel(site.position, site.residue, state, evidence, line)


def _check_protein(columns: Columns, listed: str, given: str) -> None:
    names = split_proteins(given)
    known = [identity(name) for name in names]
    if names and not any(listed in (one.full, one.accession, *one.names) for one in known):
        raise InputFormatError(
            f"protein {given!r} in column {columns.name('protein')!r}",
            f"{listed!r} as in the column {columns.name('position')}",
        )


def _places(
    context: ReadContext, columns: Columns, cells: dict[str, str], row: list[str]
) -> list[tuple[str, str, int]]:
    """Return protein, residue (may be empty) and position of each site of a row."""
    texts = _parts(cells["position"]) or [cells["position"]]
    proteins = _proteins(context, cells, len(texts))
    if not proteins:
        return []
    sites = [site for text in texts if (site := _site(context, text))]
    if not sites:
        return []
    if len(sites) < len(texts):
        raise InputFormatError(f"sites of several modifications, {cells['position']!r}", "a row for each")
    for name, cell in columns.others(row, "position"):
        _check_position(name, cell, texts, sites)
    residues = _residues(columns, cells, row, sites)
    places = [
        (proteins[index % len(proteins)], residues[index], position)
        for index, (_, position) in enumerate(sites)
    ]
    reasons = {
        name: context.excluded(name, cells.get("decoy", ""), cells.get("contaminant", ""))
        for name in proteins
    }
    kept = [place for place in places if not reasons[place[0]]]
    if not kept:
        context.leave_out(reasons[proteins[0]])
    if "leading" not in cells:
        return kept
    leading = {identity(name).key for name in split_proteins(cells["leading"])}
    chosen = [place for place in kept if identity(place[0]).key in leading]
    return chosen or kept


def _proteins(context: ReadContext, cells: dict[str, str], positions: int) -> list[str]:
    """Return the protein of each position of a row, or one for all of them; none if that cannot be told."""
    cell = cells["protein"]
    if not cell:
        raise InputFormatError("a row without protein", "one")
    names = split_proteins(cell)
    if positions == 1:
        if len(names) > 1 and context.sequences is not None and context.sequences.find(cell) is None:
            context.leave_out(f"{AMBIGUOUS}: one position for several proteins")
            return []
        return [identity(cell).full if len(names) == 1 else cell]
    if len(names) not in (1, positions):
        names = _parts(cell)
    if len(names) not in (1, positions):
        raise InputFormatError(f"{len(names)} proteins and {positions} positions", "as many of both")
    return names


def _site(context: ReadContext, text: str) -> tuple[str, int] | None:
    """Return residue and position; None, and count it, if this is a site of another modification."""
    try:
        return parse_site(text)
    except AnotherModificationError:
        context.leave_out(ANOTHER_MODIFICATION)
        return None


def _residues(
    columns: Columns, cells: dict[str, str], row: list[str], sites: list[tuple[str, int]]
) -> list[str]:
    """Return the residue of each site; columns that contradict each other are an error."""
    residues = [{residue} - {""} for residue, _ in sites]
    stated = []
    if "residue" in cells:
        stated = [(columns.name("residue"), cells["residue"]), *columns.others(row, "residue")]
    if residue := phosphorylated_residue(cells.get("modification", "")):
        stated.append((columns.name("modification"), residue))
    for column, cell in stated:
        _add_residues(residues, _parts(cell), column, cells["position"])
    return ["".join(known) for known in residues]


def _add_residues(residues: list[set[str]], given: list[str], column: str, position: str) -> None:
    """Take what one column says of the residues of a row's sites."""
    if len(given) not in (0, 1, len(residues)):
        raise InputFormatError(f"{len(given)} residues and {len(residues)} positions", "as many of both")
    for index, known in enumerate(residues if given else ()):
        text = given[index % len(given)]
        letter = one_letter(text)
        if letter is None:
            raise InputFormatError(f"residue {text!r} in column {column!r}", "S, T or Y")
        if known and letter not in known:
            raise InputFormatError(f"residue {text!r} in column {column!r}", f"the residue of {position}")
        known.add(letter)


def _check_position(column: str, cell: str, texts: list[str], sites: list[tuple[str, int]]) -> None:
    """Refuse a second column with other positions; one that holds none is for something else."""
    try:
        others = [parse_site(text) for text in _parts(cell)]
    except InputFormatError:
        return
    same = len(others) == len(sites) and all(
        one[1] == other[1] and (one[0] == other[0] or not one[0] or not other[0])
        for one, other in zip(sites, others, strict=True)
    )
    if not same:
        raise InputFormatError(
            f"{cell!r} in column {column!r}", f"{'; '.join(texts)} as in the column before"
        )


def _parts(cell: str) -> list[str]:
    """Split a cell that may hold several values."""
    return [part for part in re.split(r"[;,\s]+", cell) if part]
