"""What goes to the Hub: model cards, model folders, data sets, Spaces; the only part of PhosphoT5 that uploads."""

from .card import CARD_FILE, CURVE_FILE, PICTURES, RELIABILITY_FILE, render_card, write_card
from .dataset_card import DatasetPart, part_path, render_dataset_card
from .publish import push_folder
from .space import push_space
from .upload import Published, Target, list_files, upload

__all__ = [
    "CARD_FILE",
    "CURVE_FILE",
    "PICTURES",
    "RELIABILITY_FILE",
    "DatasetPart",
    "Published",
    "Target",
    "list_files",
    "part_path",
    "push_folder",
    "push_space",
    "render_card",
    "render_dataset_card",
    "upload",
    "write_card",
]
