"""Run records, model cards and publishing; the only part of PhosphoT5 that uploads anything."""

from .card import CARD_FILE, CURVE_FILE, PICTURES, RELIABILITY_FILE, render_card, write_card
from .facts import (
    EXAMPLE_SEQUENCE,
    NON_COMMERCIAL,
    Cost,
    DataFile,
    Example,
    Hardware,
    Licence,
    PeerResult,
    sha256_of_ids,
)
from .publish import Published, push_folder
from .record import RECORD_FILE, RunRecord

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
    "Example",
    "Hardware",
    "Licence",
    "PeerResult",
    "Published",
    "RunRecord",
    "push_folder",
    "render_card",
    "sha256_of_ids",
    "write_card",
]
