"""Run records, model cards and publishing; the only part of PhosphoT5 that uploads anything."""

from .card import CARD_FILE, render_card, write_card
from .facts import NON_COMMERCIAL, Cost, DataFile, Hardware, Licence, PeerResult, sha256_of_ids
from .publish import Published, push_folder
from .record import RECORD_FILE, RunRecord

__all__ = [
    "CARD_FILE",
    "NON_COMMERCIAL",
    "RECORD_FILE",
    "Cost",
    "DataFile",
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
