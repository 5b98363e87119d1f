"""Families of kinases at every site: one pass, the same alone and packed, and a head that old checkpoints lack."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from phosphot5.modeling_phosphot5 import PhosphoT5Config, PhosphoT5ForConditionalGeneration
from phosphot5.modeling_phosphot5.families_phosphot5 import single_families
from phosphot5.modeling_phosphot5.kinases_phosphot5 import residue_windows
from phosphot5.modeling_phosphot5.pretrained_phosphot5 import PhosphoT5EncoderModel
from phosphot5.tokenization_phosphot5 import PhosphoT5Tokenizer

FAMILIES = {
    "AGC": {"residues": "ST", "members": ["AKT1", "PRKACA"], "sites": 5},
    "PKA": {"residues": "ST", "members": ["PRKACA"], "sites": 4},
    "SRC": {"residues": "Y", "members": ["SRC"], "sites": 3},
}


@pytest.fixture
def model() -> PhosphoT5ForConditionalGeneration:
    torch.manual_seed(0)
    made = PhosphoT5ForConditionalGeneration(PhosphoT5Config.preset("tiny", kinase_families=FAMILIES)).eval()
    for weight in made.kinases.parameters():
        torch.nn.init.normal_(weight, std=0.5)
    return made


def tokens(*sequences: str) -> list[torch.Tensor]:
    return [PhosphoT5Tokenizer()(sequence, return_tensors="pt")["input_ids"][0] for sequence in sequences]


def test_probabilities_are_those_of_score_sites(model) -> None:
    (ids,) = tokens("MSPKTYRRASLGS")
    found = model.score_kinases(ids[None])[0]
    torch.testing.assert_close(found[:, 0], model.score_sites(ids[None])[0], equal_nan=True, rtol=0, atol=0)
    line = model.kinases.of_substrates(torch.logit(found[:, 0]))
    torch.testing.assert_close(found[:, 1], torch.sigmoid(line), equal_nan=True)
    site, tyrosine = (ids == 7) | (ids == 11), ids == 18
    assert found[:, 2:4].isfinite().all(1).tolist() == site.tolist()
    assert found[:, 4].isfinite().tolist() == tyrosine.tolist()


def test_packed_rows_score_as_each_alone(model) -> None:
    one, other = tokens("MSPKTYRRASLGS", "SYT")
    packed = torch.cat([one, other])[None]
    mask = torch.cat([torch.ones_like(one), 2 * torch.ones_like(other)])[None]
    together = model.score_kinases(packed, mask)[0]
    alone = torch.cat([model.score_kinases(ids[None])[0] for ids in (one, other)])
    torch.testing.assert_close(together, alone, equal_nan=True)


def test_a_known_site_has_families_and_no_probability(model) -> None:
    (ids,) = tokens("MSPKTY")
    ids[1] = 29  # S, phosphorylated
    found = model.score_kinases(ids[None])[0]
    assert found[1, :2].isnan().all()
    assert found[1, 2:4].isfinite().all()


def test_known_sites_of_a_protein_change_how_its_states_are_read(model) -> None:
    """The further weights count in the protein with a known site, and not in its neighbour in the row."""
    one, other = tokens("MSPKTY", "MSYT")
    one[1] = 29  # S, phosphorylated
    packed = torch.cat([one, other])[None]
    mask = torch.cat([torch.ones_like(one), 2 * torch.ones_like(other)])[None]
    before = model.score_kinases(packed, mask)[0]
    torch.nn.init.constant_(model.kinases.encoder_known.bias, 3.0)
    after = model.score_kinases(packed, mask)[0]
    changed = (before[:, 2:] != after[:, 2:]) & before[:, 2:].isfinite()
    assert changed[: len(one)].any(1).tolist() == [False, True, False, False, True, True, False]
    assert not changed[len(one) :].any()


def test_a_head_of_an_older_release_loads_and_scores_as_before(model, tmp_path) -> None:
    (ids,) = tokens("MSPKTYRRASLGS")
    model.save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    kept = {name: weight for name, weight in weights.items() if "_known" not in name}
    assert len(weights) - len(kept) == 3
    save_file(kept, tmp_path / "model.safetensors", {"format": "pt"})
    older = PhosphoT5ForConditionalGeneration.from_pretrained(tmp_path).eval()
    assert all(
        (older.kinases.get_parameter(name) == 0).all() for name in (w[8:] for w in weights.keys() - kept)
    )
    torch.testing.assert_close(older.score_kinases(ids[None]), model.score_kinases(ids[None]), equal_nan=True)


def test_windows_end_with_the_protein_and_show_plain_residues() -> None:
    ids = torch.tensor([[7, 29, 1, 11, 1]])  # S S(ph) </s> | T </s>
    mask = torch.tensor([[1, 1, 1, 2, 2]])
    sites = torch.tensor([[True, True, False, True, False]])
    table = {"S": [7, 29], "T": [11, 30]}
    found = residue_windows(ids, mask, sites, table, outside=0, end=1).tolist()
    assert found == [[0] * 7 + [7, 7] + [0] * 6, [0] * 6 + [7, 7] + [0] * 7, [0] * 7 + [11] + [0] * 7]


def test_groups_are_those_with_all_members_of_another() -> None:
    assert single_families(FAMILIES) == [False, True, True]


def test_the_head_travels_and_older_checkpoints_have_none(model, tmp_path) -> None:
    model.save_pretrained(tmp_path / "with")
    again = PhosphoT5ForConditionalGeneration.from_pretrained(tmp_path / "with").eval()
    (ids,) = tokens("MSPKTY")
    torch.testing.assert_close(again.score_kinases(ids[None]), model.score_kinases(ids[None]), equal_nan=True)
    PhosphoT5EncoderModel.from_pretrained(tmp_path / "with")
    plain = PhosphoT5ForConditionalGeneration(PhosphoT5Config.preset("tiny")).eval()
    assert not [name for name in plain.state_dict() if "kinases" in name]
    with pytest.raises(ValueError, match="this model tells no families of kinases"):
        plain.score_kinases(ids[None])


@pytest.mark.parametrize(
    ("families", "table", "message"),
    [
        (
            {"PKA": {"residues": "ST"}},
            None,
            "kinase_families of PKA is .*expected residues, members and sites",
        ),
        ({"PKA": FAMILIES["PKA"] | {"residues": "S"}}, None, "residues, is 'S', expected 'ST' or 'Y'"),
        ({"PKA": FAMILIES["PKA"] | {"sites": -1}}, None, "sites, is -1"),
        (
            FAMILIES,
            {"CK2": {"fpr": [1.0], "probability": [0.0]}},
            "kinase_fpr_table is .*families of kinase_families",
        ),
        (FAMILIES, {"PKA": {"fpr": [1.0]}}, "kinase_fpr_table of PKA is .*the lists fpr and probability"),
    ],
)
def test_wrong_families_are_refused(families, table, message) -> None:
    with pytest.raises(ValueError, match=message):
        PhosphoT5Config.preset("tiny", kinase_families=families, kinase_fpr_table=table)
