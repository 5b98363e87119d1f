"""Clusters of homologous proteins, so that a split can keep relatives together."""

from collections.abc import Sequence

import numpy as np

from phosphot5.data.homology.mmseqs import MAX_RELATIVES, run_mmseqs, work_folder, write_numbered
from phosphot5.data.records import Protein
from phosphot5.errors import PhosphoT5Error

__all__ = ["cluster_proteins"]


def cluster_proteins(proteins: Sequence[Protein], identity: float = 0.3, coverage: float = 0.8) -> np.ndarray:
    """Cluster proteins by homology, with MMseqs2.

    All sequences are compared with all, and everything that is linked by a chain of homologs is one cluster
    (connected components), so that no two proteins of different clusters are homologs as far as MMseqs2 finds
    them. Clusters around representatives, its usual way, do not give that.

    Parameters
    ----------
    proteins : sequence of Protein
        At least one.
    identity : float
        Least share of identical residues in the alignment of two homologs, 0 to 1.
    coverage : float
        Least share of both sequences that the alignment covers, 0 to 1.

    Returns
    -------
    numpy.ndarray of int64 of shape (proteins,)
        Number of each protein's cluster, from 0; equal sequences are in one cluster. The numbers depend on the
        set of sequences only, not on their order.

    Raises
    ------
    PhosphoT5Error
        If a threshold is not in its range, there is no protein, or MMseqs2 is missing or fails.
    """
    for name, value in (("identity", identity), ("coverage", coverage)):
        if not 0 <= value <= 1:
            raise PhosphoT5Error(f"{name} is {value:g}, expected 0 to 1")
    if not proteins:
        raise PhosphoT5Error("no proteins to cluster; give at least one")
    sequences, which = np.unique([protein.sequence for protein in proteins], return_inverse=True)
    return _cluster_sequences(sequences.tolist(), identity, coverage)[which]


def _cluster_sequences(sequences: list[str], identity: float, coverage: float) -> np.ndarray:
    """Return the cluster of each of the different, sorted sequences, numbered by its first member."""
    if len(sequences) == 1:
        return np.zeros(1, dtype=np.int64)
    with work_folder() as folder:
        write_numbered(sequences, folder / "sequences.fasta")
        options = {
            "--min-seq-id": identity,
            "-c": coverage,
            "--cov-mode": 0,
            "--cluster-mode": 1,
            "--single-step-clustering": 1,
            "--max-seqs": MAX_RELATIVES,
        }
        flat = [item for option in options.items() for item in option]
        run_mmseqs("easy-cluster", [folder / "sequences.fasta", folder / "out"], flat, folder)
        pairs = np.loadtxt(folder / "out_cluster.tsv", dtype=np.int64, ndmin=2)
    representative = np.full(len(sequences), -1, dtype=np.int64)
    representative[pairs[:, 1]] = pairs[:, 0]
    if (representative < 0).any():
        raise PhosphoT5Error("MMseqs2 left out a sequence; this is a fault of the program, report it")
    first = np.full(len(sequences), len(sequences), dtype=np.int64)
    np.minimum.at(first, representative, np.arange(len(sequences)))
    return np.unique(first[representative], return_inverse=True)[1].astype(np.int64)
