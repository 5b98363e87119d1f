"""Training files from public ones: one form of marks, labels of a protein merged, homologs of the test left out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from phosphot5.data.files.fasta import read_fasta, write_fasta
from phosphot5.data.homology.clusters import cluster_proteins
from phosphot5.data.homology.mmseqs import homologs
from phosphot5.data.records import Protein, SiteState
from phosphot5.errors import PhosphoT5Error
from phosphot5.wording import counted

from .fetch import Source
from .species import TABLES, Site, label_species, read_sites, study_quality
from .uniprot import fetched_sequences

__all__ = ["FOLDERS", "build", "species_sites"]

FOLDERS = ("multisource", "scop3p", "musitedeep", "curated", "species")
"""Folders that are made, one for each set."""

LINGO = "jasperzuallaert/PhosphoLingo/data"
MULTISOURCE = f"{LINGO}/multisource_from_deeppsp"
FOLDS = range(10)
MUSITEDEEP = "duolinwang/MusiteDeep_web/MusiteDeep/testdata/Phosphorylation/Y"
CAPSNET = "duolinwang/CapsNet_PTM/all_PTM_raw_data/Phosphorylation_ST"
IDENTITY, COVERAGE = 0.5, 0.8
"""What makes a homolog: 50 % identity over 80 % of both."""
DEV_SHARE, DEV_IDENTITY = 0.07, 0.4
"""Share of the proteins of other species to choose on, in whole clusters of that identity."""

Proteins = dict[str, Protein]
"""Proteins by their accession."""


def species_sites(raw: Path, sources: Iterable[Source]) -> dict[str, list[Site]]:
    """Read the sites of species other than human.

    Returns
    -------
    dict of str to list of Site
        Accession to its sites.
    """
    tables = [source.file(raw) for source in sources if str(source.file(Path())).startswith(TABLES)]
    found: dict[str, list[Site]] = {}
    for site in read_sites(tables):
        if site.species != "HUMAN":
            found.setdefault(site.accession, []).append(site)
    return found


def build(raw: Path, folder: Path, sites: Mapping[str, list[Site]]) -> Iterator[str]:
    """Make the training files, in the form of the recipes.

    A protein of the test set is in no other file, one of the validation set in no training file. The other training
    files have no homolog of a test protein. Where a set lists positives only, the other residues of its kind are
    negative, as its authors take them.

    Parameters
    ----------
    raw : Path
        What :func:`~phosphot5.data.public.fetch.fetch` and :func:`~phosphot5.data.public.uniprot.fetch_sequences`
        left.
    folder : Path
        Where the files go: ``multisource/``, ``scop3p/``, ``musitedeep/``, ``curated/`` and ``species/`` in it.
    sites : mapping of str to list of Site
        What :func:`species_sites` returns.

    Yields
    ------
    str
        A line about each file.

    Raises
    ------
    InputFormatError
        If a file is not in its form.
    PhosphoT5Error
        If two files have different sequences of one accession.
    """
    parts = {part: _read(raw, MULTISOURCE, [f"ST/{part}", f"Y/{part}"]) for part in ("test", "valid")}
    apart = parts["test"].keys() | parts["valid"].keys()
    parts["valid"] = _without(parts["valid"], parts["test"])
    test, chosen = parts["test"], {**parts["test"], **parts["valid"]}
    for part, proteins in parts.items():
        yield _write(folder / "multisource" / f"{part}.fasta.gz", proteins)
    for fold in FOLDS:
        proteins = _without(_read(raw, MULTISOURCE, [f"ST/fold{fold}"]), apart)
        yield _write(folder / "multisource" / f"train_fold{fold}.fasta.gz", proteins)
    names = [f"{kind}/PF/fold{fold}" for fold in FOLDS for kind in ("ST", "Y")]
    scop3p = _read(raw, f"{LINGO}/Scop3P", names)
    yield _train(folder / "scop3p" / "train.fasta.gz", scop3p, apart, test)
    tyrosines = _positives(_read(raw, MUSITEDEEP, ["train_allspecies_sequences_annotated"]), "Y")
    yield _train(folder / "musitedeep" / "Y_train.fasta.gz", tyrosines, apart, test)
    species, dev = _dev_apart(_species(raw, sites))
    chosen |= dev
    yield _write(folder / "species" / "dev.fasta.gz", dev)
    yield _train(folder / "species" / "train.fasta.gz", species, frozenset(), chosen)
    names = [f"metazoa_sequences_cross_testing_annotated_{fold}" for fold in FOLDS]
    curated = _positives(_read(raw, CAPSNET, names), "ST")
    # the same proteins may stand in multisource with labels of the other kind
    yield _train(folder / "curated" / "ST_train.fasta.gz", curated, frozenset(), chosen)


def _species(raw: Path, sites: Mapping[str, list[Site]]) -> Proteins:
    """Label the proteins of species other than human."""
    quality = study_quality(site for of_protein in sites.values() for site in of_protein)
    return {protein.id: protein for protein in label_species(fetched_sequences(sites, raw), sites, quality)}


def _dev_apart(proteins: Proteins) -> tuple[Proteins, Proteins]:
    """Draw whole clusters of homologs to choose on; return what is left, and them."""
    if not proteins:
        return {}, {}
    names = np.array(list(proteins))
    clusters = cluster_proteins(list(proteins.values()), identity=DEV_IDENTITY)
    drawn = np.zeros(len(names), bool)
    for cluster in np.random.default_rng(1).permutation(np.unique(clusters)):
        if drawn.sum() >= DEV_SHARE * len(names):
            break
        drawn |= clusters == cluster
    dev = {name: proteins[name] for name in names[drawn].tolist()}
    return _without(proteins, dev), dev


def _read(raw: Path, place: str, names: Iterable[str]) -> Proteins:
    """Read files; labels of one accession are put together."""
    found: Proteins = {}
    for name in names:
        path = raw / place / f"{name}.fasta"
        for protein in read_fasta(path, notation="hash"):
            accession = protein.id.split("|")[1] if protein.id.count("|") == 2 else protein.id
            named = replace(protein, id=accession)
            found[accession] = _merged(found[accession], named, path) if accession in found else named
    return found


def _merged(first: Protein, second: Protein, path: Path) -> Protein:
    """Put the labels of one protein together; where both have one, a positive goes before a negative."""
    if first.sequence != second.sequence:
        raise PhosphoT5Error(
            f"{path}: {second.id} has another sequence than in a file before; fetch the files again"
        )
    one, two = (np.frombuffer(protein.states, np.uint8) for protein in (first, second))
    both = (one == SiteState.POSITIVE) | (two == SiteState.POSITIVE)
    states = np.where(both, SiteState.POSITIVE, np.maximum(one, two)).astype(np.uint8)
    return replace(first, states=states.tobytes())


def _positives(proteins: Proteins, residues: str) -> Proteins:
    """Take residues that are not positive for negative."""
    made = {}
    for accession, protein in proteins.items():
        letters = np.frombuffer(protein.sequence.encode(), np.uint8)
        states = np.frombuffer(protein.states, np.uint8)
        counted_in = np.isin(letters, np.frombuffer(residues.encode(), np.uint8))
        negative = counted_in & (states != SiteState.POSITIVE)
        made[accession] = replace(
            protein, states=np.where(negative, SiteState.NEGATIVE, states).astype(np.uint8).tobytes()
        )
    return made


def _without(proteins: Mapping[str, Protein], accessions: Iterable[str]) -> Proteins:
    left_out = set(accessions)
    return {name: protein for name, protein in proteins.items() if name not in left_out}


def _train(path: Path, proteins: Proteins, apart: Iterable[str], test: Proteins) -> str:
    """Write a training file without some proteins and without the homologs of a test set."""
    left = _without(proteins, apart)
    queries, targets = ([p.sequence for p in group.values()] for group in (left, test))
    names = list(left)
    close = {names[number] for number in homologs(queries, targets, IDENTITY, COVERAGE)}
    kept = _without(left, close)
    return (
        f"{_write(path, kept)}; left out: {counted(len(proteins) - len(left), 'protein')} of the sets to measure on "
        f"and {counted(len(close), 'homolog')} of theirs"
    )


def _write(path: Path, proteins: Proteins) -> str:
    """Write proteins, each with the residues that its labels are of, and say how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_fasta(path, (_described(protein) for protein in proteins.values()), notation="hash")
    return f"{path.parent.name}/{path.name}: {counted(len(proteins), 'protein')}"


def _described(protein: Protein) -> Protein:
    states = np.frombuffer(protein.states, np.uint8)
    labelled = {protein.sequence[index] for index in np.flatnonzero(states != SiteState.UNKNOWN)}
    residues = "".join(letter for letter in "STY" if letter in labelled)
    tags = (tag for tag in protein.description.split() if tag.startswith(("OX=", "species=", "group=")))
    return replace(protein, description=" ".join([f"labelled={residues}", *tags]))
