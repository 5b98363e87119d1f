"""No release is worse than the one before in a group, unless the changelog names it."""

import copy
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def releases(benchmarks):
    return benchmarks("benchmarks.releases")


@pytest.fixture
def load(benchmarks):
    return benchmarks("benchmarks.common").load


def section(release: str) -> str:
    """What the changelog says of a release."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(rf"^## \[{re.escape(release)}\].*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"the changelog has no section for {release}"
    return found[0]


def named(loss, text: str) -> bool:
    """Whether a line of the changelog begins with "Worse:" and has the group and the class of a loss."""
    group, title, *_ = loss
    lines = [line for line in text.splitlines() if line.startswith("- Worse:")]
    return any(group.replace("_", " ") in line and title in line for line in lines)


def test_a_loss_of_the_newest_release_is_named(releases, load):
    before, after = releases.measured_releases()[-2:]
    found = releases.losses(load(f"groups/{before}"), load(f"groups/{after}"))
    text = section(after)
    assert [loss for loss in found if not named(loss, text)] == []


def test_a_loss_in_one_group_is_found(releases, load):
    before = load(f"groups/{releases.measured_releases()[-1]}")
    assert releases.losses(before, before) == []
    after = copy.deepcopy(before)
    figures = after["sets"]["species/dev.fasta.gz"]["groups"]["plants"]["st"]
    figures["auroc"] -= 0.004
    assert releases.losses(before, after) == []
    figures["ap"] -= 0.02
    assert releases.losses(before, after) == [("plants", "S/T", "ap", -0.02)]
    del after["sets"]["species/dev.fasta.gz"]["groups"]["yeasts"]
    with pytest.raises(KeyError, match="yeasts"):
        releases.losses(before, after)


def test_only_the_right_line_names_a_loss():
    loss = ("insects_and_worms", "S/T", "ap", -0.02)
    assert named(loss, "- Worse: insects and worms, S/T, by .02 in AP.")
    assert not named(loss, "- Worse: insects and worms, Y, by .02 in AP.")
    assert not named(loss, "- Better: insects and worms, S/T.")
