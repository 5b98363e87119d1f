import dataclasses
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phosphot5.data import PHOSPHO_RESIDUES, RESIDUES, Annotated, Protein, Site, SiteState, parse
from phosphot5.errors import InputFormatError, PhosphoT5Error
from phosphot5.modeling_phosphot5.proteins_phosphot5 import flanked


def protein(**fields):
    return Protein(**{"id": "P1", "sequence": "ASTYK", "states": bytes([0, 1, 2, 0, 0])} | fields)


def test_sites_are_one_based_and_in_sequence_order():
    assert list(protein().sites()) == [
        Site(2, "S", SiteState.POSITIVE),
        Site(3, "T", SiteState.NEGATIVE),
        Site(4, "Y", SiteState.UNKNOWN),
    ]


def test_sites_of_some_states():
    assert [site.position for site in protein().sites(SiteState.POSITIVE, SiteState.NEGATIVE)] == [2, 3]


def test_counts_have_all_nine_entries():
    counts = protein().counts()
    assert len(counts) == 9
    assert {key for key, n in counts.items() if n} == {
        ("S", SiteState.POSITIVE),
        ("T", SiteState.NEGATIVE),
        ("Y", SiteState.UNKNOWN),
    }


def test_states_default_to_unknown():
    assert Protein(id="x", sequence="STY").states == bytes(3)


def test_records_are_frozen_hashable_and_sized():
    record = protein()
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.sequence = "A"
    assert record == protein()
    assert hash(record) == hash(protein())
    assert len(record) == 5


def test_sites_of_a_gapped_sequence_keep_the_given_positions():
    read = parse("-AS-.T*", "plain")
    assert read.sequence == "AST"
    assert read.removed == (1, 4, 5)
    assert [(site.position, site.residue) for site in read.sites()] == [(3, "S"), (6, "T")]


@given(st.text(alphabet="ASTYK-.", min_size=1).filter(lambda text: text.strip("-.") and not flanked(text)))
def test_given_position_finds_every_letter_of_the_given_sequence(text):
    read = parse(text, "plain")
    assert all(
        text[read.given_position(i) - 1] == residue for i, residue in enumerate(read.sequence, start=1)
    )


@pytest.mark.parametrize("residue", sorted(set(RESIDUES) - set(PHOSPHO_RESIDUES)))
@pytest.mark.parametrize("state", [SiteState.POSITIVE, SiteState.NEGATIVE])
def test_no_site_on_other_residues(residue, state):
    with pytest.raises(InputFormatError, match=f"position 2: found {state.name} on '{residue}', expected"):
        Annotated(sequence=f"S{residue}", states=bytes([1, state]))
    with pytest.raises(InputFormatError, match="expected S, T or Y"):
        Site(1, residue)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"sequence": "", "states": b""}, "record P1: found no residues, expected at least one"),
        ({"sequence": "AsTYK"}, "record P1, position 2: found 's', expected a residue letter A-Z"),
        ({"sequence": "AÅTYK"}, "record P1, position 2: found 'Å', expected a residue letter A-Z"),
        ({"states": bytes(4)}, "record P1: found 4 states, expected one for each of 5 residues"),
        ({"states": bytes([0, 7, 0, 0, 0])}, "record P1, position 2: found state 7, expected 0, 1 or 2"),
        ({"id": ""}, "found identifier '', expected one word without white space"),
        ({"id": "P 1"}, "found identifier 'P 1', expected one word without white space"),
        (
            {"description": "a\n>b"},
            "record P1: found a line break in the description, expected one line",
        ),
    ],
)
def test_wrong_records_say_what_is_wrong(fields, message):
    with pytest.raises(InputFormatError) as caught:
        protein(**fields)
    assert str(caught.value) == message


def test_site_position_starts_at_one():
    with pytest.raises(InputFormatError, match="found site position 0, expected 1 or more"):
        Site(0, "S")


def test_error_message_has_all_known_parts_in_order():
    error = InputFormatError("'1'", "a letter", "remove it", path="a.fasta", line=7, record="P1", position=12)
    assert str(error) == ("a.fasta, line 7, record P1, position 12: found '1', expected a letter; remove it")
    assert isinstance(error, PhosphoT5Error)


def test_error_message_leaves_out_unknown_parts():
    assert str(InputFormatError("x", "y")) == "found x, expected y"
    assert str(InputFormatError("x", "y", path="-", line=2)) == "standard input, line 2: found x, expected y"


def test_error_place_is_filled_in_but_never_replaced():
    error = InputFormatError("x", "y", line=3)
    placed = error.at(path="f", line=9, record="r")
    assert (placed.path, placed.line, placed.record, error.path) == ("f", 3, "r", None)


def test_error_survives_pickling_between_processes():
    error = InputFormatError("x", "y", "z", path="f", line=3, record="r", position=4)
    copied = pickle.loads(pickle.dumps(error))
    assert str(copied) == str(error)
    assert vars(copied) == vars(error)
