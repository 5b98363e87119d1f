"""The head that tells families of kinases apart, fitted to the states of a model whose other weights stay."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812

from phosphot5.data import Protein
from phosphot5.data.homology.clusters import cluster_proteins
from phosphot5.data.kinases import KinaseSites
from phosphot5.errors import PhosphoT5Error
from phosphot5.evaluation.kinases import family_metrics
from phosphot5.modeling_phosphot5 import PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.configuration_phosphot5 import UNSPECIFIED
from phosphot5.modeling_phosphot5.kinases_phosphot5 import KinaseHead
from phosphot5.wording import counted

from .calibration import false_positive_rates
from .kinase_states import SiteStates, site_states

__all__ = ["FOLDS", "CrossFitted", "cross_fitted", "fit_head", "train_kinases"]

logger = logging.getLogger(__name__)

FOLDS = 5
"""Parts of the proteins, homologs together; each is scored by a head fitted to the others."""
IDENTITY = 0.4
"""Of homologs."""
EPOCHS, BATCH, LEARNING_RATE, WEIGHT_DECAY = 30, 256, 3e-3, 1.0
FEWEST_STEPS = 300
GRID = np.array([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0])
"""Rates of false positives near which a family's table holds a probability: few, as there are many families."""
JOINT = 4.0
"""Weight of the loss of the product."""
OTHERS = 60_000
"""Sites without a known kinase that the fit uses; drawn among all."""


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
    groups: list[dict[str, Any]] = [{"params": others_of_head}, {"params": line, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps = max(EPOCHS * len(known) // BATCH, FEWEST_STEPS)
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
        loss = losses[0] / 2 + losses[1]  # what is learned from known sites shown has no other source
        loss = loss + JOINT * (_mean(joint, fitting) + more * _mean(elsewhere, states.fitting[of_others]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        falling.step()
    with torch.no_grad():
        for layer in (head.encoder, head.decoder, head.encoder_known, head.decoder_known):
            layer.weight.add_(states.above @ layer.weight)
            if layer.bias is not None:
                layer.bias.add_(states.above @ layer.bias)
        head.residues.weight.add_(head.residues.weight @ states.above.T)


def _with_groups(family: torch.Tensor, above: torch.Tensor) -> torch.Tensor:
    """Add the log-odds of the groups of each family."""
    return family + family @ above.T


def _inputs(states: SiteStates, rows: torch.Tensor, shown: bool = False) -> tuple[torch.Tensor, ...]:
    """Return the arguments of the head for some sites."""
    encoder, decoder = states.shown if shown else (states.encoder, states.decoder)
    known = torch.full((len(rows),), shown)
    return encoder[rows].float(), decoder[rows].float(), states.windows[rows], known


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
    """Make a head; the line of an older one stays, as its families have been fitted with it."""
    head = KinaseHead(model.config.d_model, model.config.vocab_size, families)
    head.reset()
    if model.kinases is not None:
        for ours, old in (
            (head.site_slope, model.kinases.site_slope),
            (head.site_intercept, model.kinases.site_intercept),
        ):
            ours.data.copy_(old.data)
            ours.requires_grad_(False)
    return head


def train_kinases(
    model: PhosphoT5ForConditionalGeneration,
    proteins: Sequence[Protein],
    sites: KinaseSites,
    min_sites: int,
    seed: int = 0,
) -> dict[str, Any]:
    """Give a model a head for all families with sites enough; other families that it has already stay.

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
    numbers = sites.number_of_sites()
    families = [family for name, family in sites.families.items() if numbers.get(name, 0) >= min_sites]
    if not families:
        most = max(numbers, key=numbers.__getitem__, default="")
        reason = f"the most, {numbers[most]}, are of {most}" if most else "the tables have none"
        raise PhosphoT5Error(f"no family of kinases has {min_sites} sites; {reason}")
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
    names = [family.name for family in families]
    found = family_metrics(names, states, scores)
    rates = _rates(model, states, scores, names)
    described = {
        family.name: {
            "residues": family.residues,
            "members": sorted(family.members),
            "sites": int(states.targets[:, column].sum()),
        }
        for column, family in enumerate(families)
    }
    _take_over(model, head, described, rates)
    return found


def _take_over(
    model: PhosphoT5ForConditionalGeneration,
    head: KinaseHead,
    families: dict[str, dict[str, Any]],
    rates: dict[str | None, dict[str, Any]],
) -> None:
    """Put a head, its families and their rates into the model, behind what stays of an older head."""
    config, old = model.config, model.kinases
    stay = [name for name in config.kinase_families if name not in families]
    names = sorted([*stay, *families])
    weights = [head] if old is None else [old, head]
    columns = [[*config.kinase_families], [*families]][-len(weights) :]
    tables: dict[Any, Any] = {}
    for kind, found in rates.items():
        before = config.kinase_fpr_table_of(kind) or {}
        tables[kind] = {name: before[name] for name in stay if name in before} | found
    of_default = tables.pop(None)
    if config.label_sources:
        tables[config.label_source or UNSPECIFIED] = of_default
    described = config.kinase_families | families
    config.kinase_families = {name: described[name] for name in names}
    config.kinase_fpr_table = tables if config.label_sources else of_default
    model.kinases = _joined(_new_head(model, len(names)), weights, columns, names)
    model.kinases.requires_grad_(True).to(model.device, model.dtype).eval()
    config.check()


def _joined(
    made: KinaseHead, heads: Sequence[KinaseHead], columns: Sequence[list[str]], names: Sequence[str]
) -> KinaseHead:
    """Fill a head with families of others, each from the last that has it; ``columns`` names those of each."""
    states = [{name: value.float().cpu() for name, value in head.state_dict().items()} for head in heads]
    by_row = [name for name in states[-1] if name.startswith(("encoder", "decoder"))]
    weights = dict(states[-1])
    source = {name: (number, of.index(name)) for number, of in enumerate(columns) for name in of}
    chosen = [source[name] for name in names]
    for name in by_row:
        weights[name] = torch.stack([states[number][name][at] for number, at in chosen])
    table = "residues.weight"
    weights[table] = torch.stack([states[number][table][:, at] for number, at in chosen], dim=1)
    made.load_state_dict(weights)
    return made


def _rates(
    model: PhosphoT5ForConditionalGeneration, states: SiteStates, scores: CrossFitted, names: Sequence[str]
) -> dict[str | None, dict[str, Any]]:
    """Tabulate, for each kind of label, the share of the other sites of substrates at or above some probabilities."""
    negative = (states.fitting & ~states.targets).numpy()
    return {
        kind: {
            name: false_positive_rates(scores.product(column, kind)[negative[:, column]], GRID)
            for column, name in enumerate(names)
        }
        for kind in scores.site
    }
