import json

import pytest

from phosphot5.data import Ledger
from phosphot5.errors import PhosphoT5Error


def filled(*ids):
    ledger = Ledger()
    for record_id in ids:
        ledger.enter(record_id)
    return ledger


def test_new_ledger_is_empty():
    assert Ledger().summary() == "0 records read, 0 used, 0 skipped"


def test_read_is_used_plus_skipped():
    ledger = filled("a", "b", "c")
    ledger.skip("b", "no residues")
    assert (ledger.read, ledger.used, ledger.skipped) == (3, 2, 1)


def test_summary_counts_reasons_and_repeated_identifiers():
    ledger = filled("a", "b", "b", "c", "d")
    ledger.skip("a", "no residues")
    ledger.skip("c", "not readable", "line 3: found '1'")
    ledger.skip("d", "no residues")
    assert ledger.summary() == (
        "5 records read, 2 used, 3 skipped (no residues: 2, not readable: 1); "
        "repeated identifiers, all records kept: b (2 times)"
    )


def test_summary_of_many_repeated_identifiers_stays_short():
    names = [f"p{i}" for i in range(8)]
    assert filled(*names, *names).summary().endswith("p4 (2 times) and 3 more")


def test_as_dict_is_complete_and_plain():
    ledger = filled("a", "b", "b")
    ledger.skip("b", "no residues", "why")
    content = {
        "read": 3,
        "used": 2,
        "skipped": 1,
        "reasons": {"no residues": 1},
        "duplicates": {"b": 2},
        "skipped_records": [{"id": "b", "reason": "no residues", "detail": "why"}],
    }
    assert ledger.as_dict() == content
    assert json.loads(json.dumps(ledger.as_dict())) == content


def test_records_without_identifier_are_counted_but_no_duplicates():
    assert filled("", "").duplicates == {}
    assert filled("", "").read == 2


def test_skip_of_an_unknown_record_is_refused():
    with pytest.raises(ValueError, match="record 'x' skipped 1 times but read 0 times"):
        filled("a").skip("x", "no residues")


def test_a_record_is_skipped_at_most_once():
    ledger = filled("a", "b")
    ledger.skip("a", "no residues")
    with pytest.raises(ValueError, match="record 'a' skipped 2 times but read 1 times"):
        ledger.skip("a", "no residues")
    assert (ledger.read, ledger.used, ledger.skipped) == (2, 1, 1)


def test_check_finds_lost_records():
    ledger = filled("a", "b")
    ledger.check(2)
    with pytest.raises(PhosphoT5Error, match=r"found 1 records in the output, expected 2 \(2 read"):
        ledger.check(1)
