"""One fit of the head for families of kinases: tables in, model folder with its record out."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from phosphot5.data import Protein
from phosphot5.data.files.fasta import read_fasta
from phosphot5.data.kinases import KinaseSites, read_kinase_table
from phosphot5.data.uniprot import accession
from phosphot5.errors import PhosphoT5Error
from phosphot5.export import model_pictures, write_model
from phosphot5.hub_card.model_files import model_file
from phosphot5.output import check_folder
from phosphot5.prediction.loading import load_model
from phosphot5.record.environment import peak_memory_bytes
from phosphot5.record.facts import Cost, DataFile, EarlierTraining
from phosphot5.record.fingerprints import published_name
from phosphot5.record.run_record import RECORD_FILE, RunRecord
from phosphot5.registration import register
from phosphot5.wording import duration

from .kinases import train_kinases

__all__ = ["fit_kinases"]

logger = logging.getLogger(__name__)


def fit_kinases(
    model: str,
    tables: Sequence[str],
    fasta: Sequence[str],
    folder: str,
    command: Sequence[str],
    *,
    min_sites: int,
    seed: int = 0,
) -> RunRecord:
    """Fit a head for the families of kinases in some tables, and write the model with it.

    Parameters
    ----------
    model : str
        ``bundled``, a folder or a hub id; its other weights stay as they are.
    tables : sequence of str
        For :func:`~phosphot5.data.kinases.read_kinase_table`.
    fasta : sequence of str
        Files with the sequences of the substrates.
    folder : str
        To make; it must not exist or be empty.
    command : sequence of str
        The command as typed, for the record.
    min_sites : int
        Fewest sites of a family.
    seed : int
        Of the fit.

    Returns
    -------
    RunRecord
        That of the model, with what the head reaches and the files that it was fitted to.

    Raises
    ------
    PhosphoT5Error
        If a file cannot be used, two sequences have one name, or no family has sites enough.
    """
    register()
    check_folder(folder)
    began = time.perf_counter()
    proteins = _proteins(fasta)
    sites = KinaseSites()
    for table in tables:
        before = sites.counts.copy()
        read_kinase_table(table, proteins, sites)
        logger.info("%s: %s", table, KinaseSites(counts=sites.counts - before).summary() or "no rows")
    loaded, tokenizer = load_model(model)
    record = RunRecord.load(model_file(model, RECORD_FILE))
    record.kinases |= train_kinases(loaded, list(proteins.values()), sites, min_sites, seed)
    record.ledger["kinases"] = {name: number for name, number in sorted(sites.counts.items())}
    record.parameters = loaded.num_parameters()
    seconds = time.perf_counter() - began
    this = RunRecord.start(command, {}, seed)
    this.finish(Cost(seconds=seconds, peak_memory_bytes=peak_memory_bytes()))
    record.kinase_fits.append(EarlierTraining(this.command, seed, this.git_commit, this.finished, this.cost))
    annotated = sum(map(len, sites.of_protein.values()))
    for path in (*tables, *fasta):
        record.data.append(
            DataFile.read(
                Path(path),
                "kinases",
                records=len(sites.of_protein),
                positives=annotated,
                negatives=0,
                name=published_name(path),
            )
        )
    write_model(loaded, tokenizer, record, model_pictures(model), folder)
    logger.info(
        "%d families and groups of kinases in %s, %s",
        len(loaded.config.kinase_families),
        folder,
        duration(seconds),
    )
    return record


def _proteins(fasta: Sequence[str]) -> dict[str, Protein]:
    """Read sequences by name."""
    found: dict[str, Protein] = {}
    for path in fasta:
        for protein in read_fasta(path, notation="plain"):
            name = accession(protein.id)
            other = found.setdefault(name, replace(protein, id=name))
            if other.sequence != protein.sequence:
                raise PhosphoT5Error(f"{path}: {name} has another sequence than before; rename one of them")
    return found
