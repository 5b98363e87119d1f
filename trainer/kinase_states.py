"""States of a model at the sites of substrates: what a head for families of kinases is fitted to."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from phosphot5.data import Protein, SiteState
from phosphot5.data.encode import encode
from phosphot5.data.kinases import Family, KinaseSites
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.calibration_phosphot5 import calibrated_probability
from phosphot5.progress import Progress

__all__ = ["SiteStates", "site_states"]


@dataclass
class SiteStates:
    """What the head reads at every S, T and Y of some proteins, and what it should say.

    Attributes
    ----------
    protein : numpy.ndarray of int of shape (sites,)
        Number of the protein.
    encoder, decoder : torch.Tensor of float16 of shape (sites, d_model)
        States with no site shown.
    shown : tuple of torch.Tensor
        The same where the sites with a known kinase are shown as phosphorylated.
    windows : torch.Tensor of int64 of shape (sites, 15)
        Residues around each site.
    probability : dict of str or None to numpy.ndarray of shape (sites,)
        Kind of label to the probability of phosphorylation.
    targets : torch.Tensor of bool of shape (sites, families)
        True for the families that are known to phosphorylate the site.
    fitting : torch.Tensor of bool of shape (sites, families)
        True where the family phosphorylates such a residue.
    annotated : torch.Tensor of bool of shape (sites,)
        True where some kinase is known, of whatever family.
    above : torch.Tensor of float32 of shape (families, families)
        1 in the row of a family and the column of a group that it is part of.
    """

    protein: np.ndarray
    encoder: torch.Tensor
    decoder: torch.Tensor
    shown: tuple[torch.Tensor, torch.Tensor]
    windows: torch.Tensor
    probability: dict[str | None, np.ndarray]
    targets: torch.Tensor
    fitting: torch.Tensor
    annotated: torch.Tensor
    above: torch.Tensor


def site_states(
    model: PhosphoT5ForConditionalGeneration,
    proteins: Sequence[Protein],
    sites: KinaseSites,
    families: Sequence[Family],
) -> SiteStates:
    """Run a model over proteins and keep what the head needs.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        In evaluation mode.
    proteins : sequence of Protein
        Substrates.
    sites : KinaseSites
        Their sites with a known kinase.
    families : sequence of Family
        To tell apart.
    """
    columns: dict[str, list[Any]] = {name: [] for name in ("protein", "states", "shown", "windows")}
    kinds: list[str | None] = [None, *model.config.label_sources]
    probability: dict[str | None, list[np.ndarray]] = {kind: [] for kind in kinds}
    targets, annotated = [], []
    names = [family.name for family in families]
    run = partial(_run, model, sites, kinds)
    with Progress("substrates", len(proteins)) as progress, _one_thread_each() as pool:
        for number, (protein, found) in enumerate(zip(proteins, pool.map(run, proteins), strict=True)):
            at, given, shown, probabilities = found
            known = sites.of_protein.get(protein.id, {})
            columns["protein"].append(np.full(len(at), number))
            columns["states"].append(given[:2])
            columns["shown"].append(shown[:2])
            columns["windows"].append(given[2])
            for kind, values in probabilities.items():
                probability[kind].append(values)
            targets.append([[name in known.get(index, ()) for name in names] for index in at.tolist()])
            annotated.append([index in known for index in at.tolist()])
            progress.advance()
    windows = torch.cat(columns["windows"])
    residue = windows[:, windows.shape[1] // 2]
    tyrosine = residue == model.config.site_token_ids["Y"][0]
    of_tyrosine = torch.tensor([family.residues == "Y" for family in families])
    encoder, decoder, *shown = (
        torch.cat([pair[side] for pair in columns[name]]) for name in ("states", "shown") for side in (0, 1)
    )
    return SiteStates(
        np.concatenate(columns["protein"]),
        encoder,
        decoder,
        (shown[0], shown[1]),
        windows,
        {kind: np.concatenate(parts) for kind, parts in probability.items()},
        torch.tensor([row for part in targets for row in part], dtype=torch.bool),
        tyrosine[:, None] == of_tyrosine[None],
        torch.tensor([flag for part in annotated for flag in part], dtype=torch.bool),
        torch.tensor([[float(one.members < other.members) for other in families] for one in families]),
    )


@contextmanager
def _one_thread_each() -> Iterator[ThreadPoolExecutor]:
    """Give a pool in which every thread computes by itself, as predictions are made."""
    before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(before, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        torch.set_num_threads(before)


@torch.inference_mode()
def _run(
    model: PhosphoT5ForConditionalGeneration,
    sites: KinaseSites,
    kinds: Sequence[str | None],
    protein: Protein,
) -> tuple[np.ndarray, list[torch.Tensor], list[torch.Tensor], dict[str | None, np.ndarray]]:
    """Return positions, arguments of the head without and with sites shown, and probabilities, of a protein."""
    states = np.zeros(len(protein.sequence), np.uint8)
    states[list(sites.of_protein.get(protein.id, {}))] = SiteState.POSITIVE
    config, inputs, odds = model.config, [], torch.empty(0)
    for tokens in (encode(protein.sequence, states.tobytes()), encode(protein.sequence)):
        ids = torch.from_numpy(tokens.astype(np.int64))[None].to(model.device)
        mask = torch.ones_like(ids)
        encoder, decoder = model.last_states(ids, mask)
        at, given = model.kinase_inputs(ids, mask, encoder, decoder)
        inputs.append([given[0].half().cpu(), given[1].half().cpu(), given[2].cpu()])
        odds = model.site_odds(ids, decoder)
    scores = {}
    for kind in kinds:
        if config.label_source_id(kind) == config.label_source_id(None):
            values = calibrated_probability(
                odds, ids, mask, config.site_token_ids, config.calibration_of(kind)
            )
        else:
            values = model.score_sites(ids, mask, kind)
        scores[kind] = values[at].float().cpu().numpy()
    return at[0].nonzero()[:, 0].cpu().numpy(), inputs[1], inputs[0], scores
