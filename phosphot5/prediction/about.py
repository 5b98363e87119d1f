"""What made a prediction: the model, its kind of label and its thresholds, for files that have a place for it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from phosphot5 import __version__
from phosphot5.modeling_phosphot5.sites_phosphot5 import CALLS
from phosphot5.prediction.runtime import Runtime
from phosphot5.record.thresholds import probability_at
from phosphot5.wording import some

__all__ = ["About"]


@dataclass(frozen=True)
class About:
    """What made a prediction. Equal runs have equal ones.

    Parameters
    ----------
    facts : dict of str to str
        ``version`` (of PhosphoT5), ``model`` (name), ``model_sha256``, ``label_source`` (kind of label, if the model
        tells kinds apart) and ``input``.
    thresholds : dict of str to dict of str to float
        Residue and call to the lowest probability that earns the call; without the calls that none earns.
    """

    facts: dict[str, str]
    thresholds: dict[str, dict[str, float]]

    @classmethod
    def from_run(cls, runtime: Runtime, model: str, inputs: Sequence[str]) -> "About":
        """Describe a run before it scores.

        Parameters
        ----------
        runtime : Runtime
            The model.
        model : str
            Its name as given.
        inputs : sequence of str
            Files or accessions as given; ``-`` is standard input.
        """
        names = ["standard input" if name == "-" else Path(name).name for name in inputs]
        facts = {
            "version": f"PhosphoT5 {__version__}",
            "model": model,
            "model_sha256": runtime.settings["model"],
            "label_source": runtime.label_source or "",
            "input": some(names),
        }
        thresholds = {
            residue: {
                call: round(probability, 4)
                for call, rate in CALLS.items()
                if (probability := probability_at(table, rate)) is not None
            }
            for residue, table in (runtime.fpr_table or {}).items()
        }
        return cls({name: text for name, text in facts.items() if text}, thresholds)

    @property
    def metadata(self) -> dict[str, str]:
        """The facts, and as JSON the thresholds and the false-positive rate of each call."""
        return self.facts | {"calls": json.dumps(CALLS), "thresholds": json.dumps(self.thresholds)}
