"""Run records, model cards and publishing; the only part of PhosphoT5 that uploads anything."""

from .card import CARD_FILE, CURVE_FILE, PICTURES, RELIABILITY_FILE, render_card, write_card
from .dataset_card import DatasetPart, part_path, render_dataset_card
from .facts import (
    EXAMPLE_SEQUENCE,
    NON_COMMERCIAL,
    Cost,
    DataFile,
    EarlierTraining,
    Example,
    Hardware,
    Licence,
    PeerResult,
    sha256_of_ids,
)
from .publish import push_folder
from .record import RECORD_FILE, RunRecord
from .space import push_space
from .upload import Published, Target, list_files, upload

__all__ = [
    "CARD_FILE",
    "CURVE_FILE",
    "EXAMPLE_SEQUENCE",
    "NON_COMMERCIAL",
    "PICTURES",
    "RECORD_FILE",
    "RELIABILITY_FILE",
    "Cost",
    "DataFile",
    "DatasetPart",
    "EarlierTraining",
    "Example",
    "Hardware",
    "Licence",
    "PeerResult",
    "Published",
    "RunRecord",
    "Target",
    "list_files",
    "part_path",
    "push_folder",
    "push_space",
    "render_card",
    "render_dataset_card",
    "sha256_of_ids",
    "upload",
    "write_card",
]
