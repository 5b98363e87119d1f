"""The head that tells families of kinases apart, fitted to the states of a model whose other weights stay."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812

from phosphot5.data import Protein, SiteState
from phosphot5.data.encode import encode
from phosphot5.data.homology.clusters import cluster_proteins
from phosphot5.data.kinases import Family, KinaseSites
from phosphot5.errors import PhosphoT5Error
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.calibration_phosphot5 import calibrated_probability
from phosphot5.modeling_phosphot5.configuration_phosphot5 import UNSPECIFIED
from phosphot5.modeling_phosphot5.kinases_phosphot5 import KinaseHead
from phosphot5.progress import Progress
from phosphot5.wording import counted

from .calibration import false_positive_rates

__all__ = ["FOLDS", "CrossFitted", "SiteStates", "cross_fitted", "fit_head", "site_states", "train_kinases"]

logger = logging.getLogger(__name__)

FOLDS = 5
"""Parts of the proteins, homologs together; each is scored by a head fitted to the others."""
IDENTITY = 0.4
"""Of homologs."""
EPOCHS, BATCH, LEARNING_RATE, WEIGHT_DECAY = 30, 256, 3e-3, 2.0
JOINT = 2.0
"""Weight of the loss of the product."""
OTHERS = 60_000
"""Sites without a known kinase that the fit uses; drawn among all."""


@dataclass
class SiteStates:
    """What the head reads at every S, T and Y of some proteins, and what it should say.

    Attributes
    ----------
    protein, position : numpy.ndarray of int of shape (sites,)
        Number of the protein, and 0-based position.
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
    position: np.ndarray
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
    columns: dict[str, list[Any]] = {
        name: [] for name in ("protein", "position", "states", "shown", "windows")
    }
    kinds: list[str | None] = [None, *model.config.label_sources]
    probability: dict[str | None, list[np.ndarray]] = {kind: [] for kind in kinds}
    targets, annotated = [], []
    names = [family.name for family in families]
    run = partial(_run, model, sites, kinds)
    with Progress("substrates", len(proteins)) as progress, one_thread_each() as pool:
        for number, (protein, found) in enumerate(zip(proteins, pool.map(run, proteins), strict=True)):
            at, given, shown, probabilities = found
            known = sites.of_protein.get(protein.id, {})
            columns["protein"].append(np.full(len(at), number))
            columns["position"].append(at)
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
    joined = [
        tuple(torch.cat([pair[side] for pair in columns[name]]) for side in (0, 1))
        for name in ("states", "shown")
    ]
    return SiteStates(
        np.concatenate(columns["protein"]),
        np.concatenate(columns["position"]),
        *joined[0],
        (joined[1][0], joined[1][1]),
        windows,
        {kind: np.concatenate(parts) for kind, parts in probability.items()},
        torch.tensor([row for part in targets for row in part], dtype=torch.bool),
        tyrosine[:, None] == of_tyrosine[None],
        torch.tensor([flag for part in annotated for flag in part], dtype=torch.bool),
        torch.tensor([[float(one.members < other.members) for other in families] for one in families]),
    )


@contextmanager
def one_thread_each() -> Iterator[ThreadPoolExecutor]:
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


def fit_head(head: KinaseHead, states: SiteStates, rows: np.ndarray, seed: int) -> None:
    """Fit a head to some of the sites.

    At a site with a known kinase the head learns to tell its families from the others, whether or not sites are
    shown; at all sites the product of that and the probability of phosphorylation is to be high at the family's sites
    only. A family that is not known to phosphorylate a site counts as one that does not. A family is fitted as what
    sets it apart from its groups, so that one with few sites leans on them.

    Parameters
    ----------
    head : KinaseHead
        Changed in place.
    states : SiteStates
        From :func:`site_states`.
    rows : numpy.ndarray of int
        Sites to fit to.
    seed : int
        Of the order of the sites, and of the draw among those without a known kinase.
    """
    draw = torch.Generator().manual_seed(seed)
    chosen = torch.from_numpy(rows)
    known = chosen[states.annotated[chosen]]
    others = chosen[~states.annotated[chosen]]
    others = others[torch.randperm(len(others), generator=draw)[:OTHERS]]
    site = torch.logit(torch.from_numpy(states.probability[None]).float(), eps=1e-6)
    line = [head.site_slope, head.site_intercept]
    others_of_head = [weight for name, weight in head.named_parameters() if not name.startswith("site_")]
    groups = [{"params": others_of_head}, {"params": line, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps = max(EPOCHS * len(known) // BATCH, 1)
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    for _ in range(steps):
        of_known = known[torch.randint(len(known), (BATCH,), generator=draw)]
        of_others = others[torch.randint(len(others), (2 * BATCH,), generator=draw)]
        bare, shown, at_others = (
            _with_groups(head(*_inputs(states, which, given)), states.above)
            for which, given in ((of_known, False), (of_known, True), (of_others, False))
        )
        target, fitting = states.targets[of_known].float(), states.fitting[of_known]
        losses = [
            _mean(F.binary_cross_entropy_with_logits(x, target, reduction="none"), fitting)
            for x in (bare, shown)
        ]
        joint = _joint_loss(bare, head.of_substrates(site[of_known]), target)
        elsewhere = _joint_loss(at_others, head.of_substrates(site[of_others]), torch.zeros_like(at_others))
        more = len(others) / len(known)
        loss = (losses[0] + losses[1]) / 2
        loss = loss + JOINT * (_mean(joint, fitting) + more * _mean(elsewhere, states.fitting[of_others]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        falling.step()
    with torch.no_grad():
        for layer in (head.encoder, head.decoder):
            layer.weight += states.above @ layer.weight
        head.encoder.bias += states.above @ head.encoder.bias
        head.residues.weight += head.residues.weight @ states.above.T


def _with_groups(family: torch.Tensor, above: torch.Tensor) -> torch.Tensor:
    """Add the log-odds of the groups of each family."""
    return family + family @ above.T


def _inputs(states: SiteStates, rows: torch.Tensor, shown: bool = False) -> tuple[torch.Tensor, ...]:
    """Return the arguments of the head for some sites."""
    encoder, decoder = states.shown if shown else (states.encoder, states.decoder)
    return encoder[rows].float(), decoder[rows].float(), states.windows[rows]


def _mean(loss: torch.Tensor, fitting: torch.Tensor) -> torch.Tensor:
    """Sum over families, mean over sites."""
    return (loss * fitting).sum() / len(loss)


def _joint_loss(family: torch.Tensor, site: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of the product of two probabilities, given as log-odds."""
    both = F.logsigmoid(family) + F.logsigmoid(site)[:, None]
    neither = torch.log(-torch.expm1(both.clamp(max=-1e-6)))
    return -(target * both + (1 - target) * neither)


@dataclass
class CrossFitted:
    """Scores of every site by a head that was fitted to other proteins.

    Attributes
    ----------
    family, family_known : numpy.ndarray of float32 of shape (sites, families)
        Log-odds of each family given phosphorylation, without and with the sites of known kinases shown.
    site : dict of str or None to numpy.ndarray of float32 of shape (sites,)
        Kind of label to the probability that a site is one with a known kinase.
    """

    family: np.ndarray
    family_known: np.ndarray
    site: dict[str | None, np.ndarray]

    def product(self, column: int, kind: str | None = None) -> np.ndarray:
        """Return the probability that a site is one of a family, of shape (sites,)."""
        given: np.ndarray = self.site[kind] / (1 + np.exp(-self.family[:, column].astype(np.float64)))
        return given


def cross_fitted(
    model: PhosphoT5ForConditionalGeneration, states: SiteStates, folds: np.ndarray, seed: int
) -> CrossFitted:
    """Score every site by a head that was fitted to the other folds."""
    families = states.targets.shape[1]
    family, known = (np.zeros((len(folds), families), np.float32) for _ in range(2))
    site = {kind: np.zeros(len(folds), np.float32) for kind in states.probability}
    for fold in range(FOLDS):
        head = _new_head(model, families)
        fit_head(head, states, np.flatnonzero(folds != fold), seed)
        rows = torch.from_numpy(np.flatnonzero(folds == fold))
        with torch.inference_mode():
            for shown, found in ((False, family), (True, known)):
                found[rows] = torch.cat(
                    [head(*_inputs(states, part, shown)) for part in rows.split(20_000)]
                ).numpy()
            for kind, probability in states.probability.items():
                odds = torch.logit(torch.from_numpy(probability[rows]).float(), eps=1e-6)
                site[kind][rows] = torch.sigmoid(head.of_substrates(odds)).numpy()
    return CrossFitted(family, known, site)


def _new_head(model: PhosphoT5ForConditionalGeneration, families: int) -> KinaseHead:
    head = KinaseHead(model.config.d_model, model.config.vocab_size, families)
    head.reset()
    return head


def train_kinases(
    model: PhosphoT5ForConditionalGeneration,
    proteins: Sequence[Protein],
    sites: KinaseSites,
    min_sites: int,
    seed: int = 0,
) -> dict[str, Any]:
    """Give a model a head for all families with sites enough, in place of the one that it may have.

    Its rates of false positives come from scores of proteins that the head was not fitted to.

    Parameters
    ----------
    model : PhosphoT5ForConditionalGeneration
        In evaluation mode; its other weights stay.
    proteins : sequence of Protein
        Substrates, each with sites in ``sites``.
    sites : KinaseSites
        From :func:`~phosphot5.data.kinases.read_kinase_table`.
    min_sites : int
        Fewest sites of a family.
    seed : int
        Of folds and fits.

    Returns
    -------
    dict
        Family to ``sites`` and the metrics of :func:`~phosphot5.evaluation.kinases.family_metrics`, on proteins that
        the head was not fitted to.

    Raises
    ------
    PhosphoT5Error
        If no family has sites enough, or there are fewer proteins than folds.
    """
    from phosphot5.evaluation.kinases import family_metrics

    numbers = sites.number_of_sites()
    families = [family for name, family in sites.families.items() if numbers.get(name, 0) >= min_sites]
    if not families:
        most = max(numbers, key=numbers.__getitem__, default="")
        found = f"the most, {numbers[most]}, are of {most}" if most else "the tables have none"
        raise PhosphoT5Error(f"no family of kinases has {min_sites} sites; {found}")
    proteins = [protein for protein in proteins if protein.id in sites.of_protein]
    clusters = cluster_proteins(proteins, identity=IDENTITY)
    if clusters.max() + 1 < FOLDS:
        raise PhosphoT5Error(
            f"{counted(len(proteins), 'protein')} in {counted(int(clusters.max()) + 1, 'cluster')} of homologs; "
            f"at least {FOLDS} clusters are needed"
        )
    logger.info("families of kinases: %d, in %s", len(families), counted(len(proteins), "protein"))
    states = site_states(model, proteins, sites, families)
    folds = np.random.default_rng(seed).permutation(clusters.max() + 1)[clusters][states.protein] % FOLDS
    scores = cross_fitted(model, states, folds, seed)
    head = _new_head(model, len(families))
    fit_head(head, states, np.arange(len(folds)), seed)
    model.kinases = head.to(model.device, model.dtype).eval()
    model.config.kinase_families = {
        family.name: {
            "residues": family.residues,
            "members": sorted(family.members),
            "sites": int(states.targets[:, column].sum()),
        }
        for column, family in enumerate(families)
    }
    _set_rates(model, states, scores)
    model.config.check()
    return family_metrics([family.name for family in families], states, scores)


def _set_rates(model: PhosphoT5ForConditionalGeneration, states: SiteStates, scores: CrossFitted) -> None:
    """Tabulate the share of the other sites of substrates at or above some probabilities of each family."""
    negative = (states.fitting & ~states.targets).numpy()
    tables = {
        kind: {
            name: false_positive_rates(scores.product(column, kind)[negative[:, column]])
            for column, name in enumerate(model.config.kinase_families)
        }
        for kind in scores.site
    }
    of_default = tables.pop(None)
    if model.config.label_sources:
        tables[model.config.label_source or UNSPECIFIED] = of_default
    model.config.kinase_fpr_table = tables if model.config.label_sources else of_default
