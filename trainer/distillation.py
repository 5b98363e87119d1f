"""Teachers: trained models whose scores of the training proteins are targets beside the labels."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import PartialState
from torch import nn

from phosphot5.data import Protein
from phosphot5.modeling_phosphot5.decoding_phosphot5 import choice_logits, plain_ids, site_mask
from phosphot5.modeling_phosphot5.loss_phosphot5 import FocalLossWithSmoothing
from phosphot5.output import atomic_file
from phosphot5.prediction.loading import load_model, move_to_device
from phosphot5.prediction.scoring import score_proteins
from phosphot5.progress import Progress

from .collator import TEACHER_COLUMN

__all__ = ["TEACHER_FILE", "Teacher", "distillation", "teacher_scores"]

logger = logging.getLogger(__name__)

TEACHER_FILE = "teacher_scores.npz"
"""Scores of the teachers, kept in the output folder until the training is finished."""
LEAST = 1e-6
"""Probabilities of a teacher are kept this far from 0 and 1."""


@dataclass(frozen=True)
class Teacher:
    """A model whose scores of the training proteins are targets beside the labels.

    Parameters
    ----------
    model : str
        ``bundled``, a folder or a hub id of a PhosphoT5; its calibration applies.
    residues : str
        Residues whose scores are taken.
    """

    model: str
    residues: str = "STY"


def teacher_scores(proteins: Sequence[Protein], teachers: Sequence[Teacher], file: Path) -> list[np.ndarray]:
    """Score proteins with every teacher; the mean of their log-odds is the target.

    The main process of a machine scores and writes the file; the others, and a training that is resumed, read it.
    Scores of other proteins or teachers that it may hold are replaced.

    Parameters
    ----------
    proteins : sequence of Protein
        Scored whole, no site shown.
    teachers : sequence of Teacher
        Who scores.
    file : Path
        Where the scores are kept; its folder is made.

    Returns
    -------
    list of numpy.ndarray of float32 of shape (residues + 1,)
        Probability of phosphorylation at every S, T and Y of a protein that a teacher scores; NaN elsewhere, also
        at the ``</s>``.

    Raises
    ------
    PhosphoT5Error
        If a teacher cannot be loaded.
    """
    with PartialState().local_main_process_first():
        models = [load_model(teacher.model)[0] for teacher in teachers]
        mark = _fingerprint(proteins, teachers, models)
        flat = _read(file, mark)
        if flat is None:
            pairs = zip(teachers, models, strict=True)
            odds = np.ma.masked_invalid([_log_odds(teacher, model, proteins) for teacher, model in pairs])
            flat = (1 / (1 + np.exp(-odds.mean(axis=0)))).astype(np.float32).filled(np.nan)
            _write(file, mark, flat)
    return np.split(flat, np.cumsum([len(protein.sequence) + 1 for protein in proteins])[:-1])


def distillation(
    logits: torch.Tensor,
    inputs: dict[str, torch.Tensor],
    drawn: dict[str, torch.Tensor],
    partner: torch.Tensor,
    criterion: FocalLossWithSmoothing,
) -> torch.Tensor:
    """Sum what the loss changes by where the teachers' probabilities take the place of the labels.

    That is the cross-entropy with these probabilities (Hinton et al. 2015) less the loss by the labels. It is summed
    over proteins of which the model was shown no site, neither in the source nor in the prefix: only there are the
    teachers' marginal scores an answer to what it was asked. Sites of unknown state have no label to replace.

    Parameters
    ----------
    logits : torch.Tensor of shape (rows, length, vocab_size)
        Scores of the decoder.
    inputs : dict of str to torch.Tensor of shape (rows, length)
        The collated batch, with the column ``teacher``: probabilities, NaN where there is none.
    drawn : dict of str to torch.Tensor of shape (rows, length)
        What the model was given of it; see :func:`~phosphot5.trainer.passes.draw_training_inputs`.
    partner : torch.Tensor of shape (vocab_size,)
        From :func:`~phosphot5.modeling_phosphot5.decoding_phosphot5.phospho_partner`.
    criterion : FocalLossWithSmoothing
        The loss by the labels.

    Returns
    -------
    torch.Tensor
        Scalar.
    """
    bare, labels, teacher = (inputs[name] for name in ("input_ids", "labels", TEACHER_COLUMN))
    at = site_mask(bare, partner) & ~teacher.isnan() & ~_told(inputs, drawn, partner)
    choice, target, labels = choice_logits(logits[at], bare[at], partner).float(), teacher[at], labels[at]
    known = labels != criterion.ignore_index
    truth = torch.where(known, (labels == partner[bare[at]]).long(), criterion.ignore_index)
    by_teacher = nn.functional.cross_entropy(
        choice, torch.stack([1 - target, target], dim=-1), reduction="sum"
    )
    return by_teacher - criterion(choice, truth, num_items=1)


def _told(
    inputs: dict[str, torch.Tensor], drawn: dict[str, torch.Tensor], partner: torch.Tensor
) -> torch.Tensor:
    """Tell for every position whether its protein shows the model the state of a site; bool of (rows, length)."""
    proteins = inputs["attention_mask"].long()
    written = drawn["decoder_input_ids"]
    shown = site_mask(inputs["input_ids"], partner) & (drawn["input_ids"] != inputs["input_ids"])
    shown |= (partner[plain_ids(written, partner)] >= 0) & ~drawn["open_sites"]
    any_shown = torch.zeros(len(proteins), int(proteins.max()) + 1, device=proteins.device)
    return any_shown.scatter_reduce(1, proteins, shown.float(), "amax").gather(1, proteins) > 0


def _log_odds(teacher: Teacher, model: nn.Module, proteins: Sequence[Protein]) -> np.ndarray:
    """Score proteins with one teacher; log-odds, float64 of shape (residues and ends,)."""
    logger.info("teacher %s scores %s proteins", teacher.model, f"{len(proteins):,}")
    taken = list(teacher.residues.encode())
    parts = []
    with Progress("proteins", len(proteins)) as progress:
        for protein, scores in score_proteins(move_to_device(model), proteins):
            letters = np.frombuffer(protein.sequence.encode(), dtype=np.uint8)
            parts.append(np.append(np.where(np.isin(letters, taken), scores, np.nan), np.nan))
            progress.advance()
    probability = np.concatenate(parts, dtype=np.float64).clip(LEAST, 1 - LEAST)
    return np.log(probability) - np.log1p(-probability)


def _fingerprint(
    proteins: Sequence[Protein], teachers: Sequence[Teacher], models: Sequence[nn.Module]
) -> str:
    """Hash what the scores depend on: sequences, residues, weights and calibrations."""
    digest = hashlib.sha256("\n".join(protein.sequence for protein in proteins).encode())
    for teacher, model in zip(teachers, models, strict=True):
        digest.update(teacher.residues.encode())
        digest.update(model.config.to_json_string().encode())
        for weight in model.state_dict().values():
            digest.update(weight.float().numpy().tobytes())  # numpy has no bfloat16
    return digest.hexdigest()


def _read(file: Path, mark: str) -> np.ndarray | None:
    """Read scores; None if there are none of these proteins and teachers."""
    if not file.is_file():
        return None
    with np.load(file) as kept:
        if str(kept["fingerprint"]) != mark:
            return None
        logger.info("scores of the teachers read from %s", file)
        return kept["scores"]


def _write(file: Path, mark: str, scores: np.ndarray) -> None:
    """Write scores completely or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(file, overwrite=True) as unfinished, open(unfinished, "wb") as handle:
        np.savez(handle, fingerprint=np.array(mark), scores=scores)
