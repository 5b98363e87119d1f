"""Data sets of the Hub by address: splits and files are found, pinned by commit, and every refusal is one line."""

from pathlib import Path

import pytest
from datasets import Dataset
from hub_faults import DROPPED, Fault
from huggingface_hub import CommitOperationAdd, HfApi, constants

from phosphot5.data import Protein, parse, read_labelled, write_labelled
from phosphot5.data.labelled import _row, labelled_schema
from phosphot5.errors import PhosphoT5Error
from phosphot5.hub_card.dataset_files import DatasetAddress, fetch_files
from phosphot5.record.fingerprints import published_name

REPO = "org/sites"
ADDRESS = f"hf://datasets/{REPO}"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def api(local_hub) -> HfApi:
    return HfApi(endpoint=local_hub.endpoint, token=local_hub.token)


@pytest.fixture
def proteins() -> list[Protein]:
    return [Protein(id=f"p{index}", **vars(parse(f"MS#T@Y{'K' * index}S", "hash"))) for index in range(6)]


@pytest.fixture
def publish(api, tmp_path):
    """Commit files of labelled proteins to a data set; return the commit."""

    def commit(files: dict[str, list[Protein]], repo: str = REPO, **options) -> str:
        api.create_repo(repo, repo_type="dataset", exist_ok=True)
        additions = []
        for number, (name, proteins) in enumerate(files.items()):
            local = tmp_path / "made" / f"{number}-{Path(name).name}"
            local.parent.mkdir(exist_ok=True)
            write_labelled(proteins, local, overwrite=True)
            additions.append(CommitOperationAdd(name, local.read_bytes()))
        done = api.create_commit(repo, additions, commit_message="data", repo_type="dataset", **options)
        return done.oid

    return commit


def ids(text: str, split: str = "train") -> list[str]:
    files = fetch_files(DatasetAddress.parse(text, split))
    return [protein.id for file in files for protein in read_labelled(file)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ADDRESS, (REPO, "main", "train")),
        (f"{ADDRESS}/", (REPO, "main", "train")),
        (f"{ADDRESS}/test", (REPO, "main", "test")),
        (f"{ADDRESS}@v1/data/test.parquet", (REPO, "v1", "data/test.parquet")),
        (f"{ADDRESS}@refs/pr/3/curated/test", (REPO, "refs/pr/3", "curated/test")),
        (f"{ADDRESS}@refs%2Fpr%2F3", (REPO, "refs/pr/3", "train")),
        (f"{ADDRESS}@mine%2Fdraft/test", (REPO, "mine/draft", "test")),
    ],
)
def test_addresses_are_read_and_written(text, expected):
    address = DatasetAddress.parse(text)
    assert (address.repo_id, address.revision, address.path) == expected
    assert DatasetAddress.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "hf://org/sites",
        "hf://datasets/sites",
        "hf://spaces/org/sites",
        f"{ADDRESS}@",
        f"{ADDRESS}/../../secret.fasta",
        f"{ADDRESS}/data/*.parquet",
    ],
)
def test_other_addresses_are_refused(text):
    with pytest.raises(PhosphoT5Error, match="not the address of a data set; write hf://datasets/OWNER/NAME"):
        DatasetAddress.parse(text)


@pytest.mark.parametrize("form", ["data/{}.parquet", "{}.parquet", "{}.fasta.gz", "data/{}.fasta"])
@pytest.mark.parametrize("valid", ["validation", "valid"])
def test_splits_are_found_in_every_form(publish, proteins, form, valid):
    commit = publish({form.format("train"): proteins[:4], form.format(valid): proteins[4:]})
    assert ids(ADDRESS) == ["p0", "p1", "p2", "p3"]
    assert ids(ADDRESS, "validation") == ids(f"{ADDRESS}/valid") == ["p4", "p5"]
    (file,) = fetch_files(DatasetAddress.parse(ADDRESS))
    assert published_name(file) == f"{ADDRESS}@{commit}/{form.format('train')}"


def test_shards_of_datasets_are_one_split(local_hub, proteins):
    rows = Dataset.from_list(list(map(_row, proteins)))
    rows.push_to_hub(REPO, split="train", num_shards=3, token=local_hub.token)
    assert set(labelled_schema().names) == set(rows.column_names)
    assert ids(ADDRESS) == [protein.id for protein in proteins]
    assert len(fetch_files(DatasetAddress.parse(ADDRESS))) == 3


def test_a_missing_shard_is_noticed(publish, proteins):
    publish({"data/train-00000-of-00002.parquet": proteins[:3]})
    with pytest.raises(PhosphoT5Error, match="1 of 2 files of the split are there; download it again"):
        ids(ADDRESS)
    assert ids(f"{ADDRESS}/data/train-00000-of-00002.parquet") == ["p0", "p1", "p2"]


def test_only_what_is_meant_is_downloaded(publish, proteins, cache, local_hub):
    publish({"data/train.parquet": proteins[:4], "data/test.parquet": proteins[4:]})
    fetch_files(DatasetAddress.parse(ADDRESS))
    assert [path.name for path in cache.rglob("*.parquet")] == ["train.parquet"]
    local_hub.requests.clear()
    fetch_files(DatasetAddress.parse(ADDRESS))
    assert not [line for line in local_hub.sent("GET", "/resolve/") if "parquet" in line]


def test_branches_tags_commits_and_pull_requests(publish, proteins, api):
    first = publish({"data/train.parquet": proteins[:1]})
    api.create_tag(REPO, tag="v1", repo_type="dataset")
    publish({"data/train.parquet": proteins[:2]})
    publish({"data/train.parquet": proteins[:3]}, create_pr=True)
    sizes = {at: len(ids(f"{ADDRESS}{at}")) for at in ("", "@main", "@v1", f"@{first}", "@refs/pr/1")}
    assert sizes == {"": 2, "@main": 2, "@v1": 1, f"@{first}": 1, "@refs/pr/1": 3}


def test_what_is_in_the_cache_needs_no_network(publish, proteins, local_hub, monkeypatch):
    commit = publish({"data/train.parquet": proteins})
    (file,) = fetch_files(DatasetAddress.parse(ADDRESS))
    for prepare in (
        lambda: local_hub.faults.plan(DROPPED, times=None),
        lambda: monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True),
    ):
        prepare()
        assert fetch_files(DatasetAddress.parse(f"{ADDRESS}@{commit}")) == [file]
    assert fetch_files(DatasetAddress.parse(ADDRESS)) == [file]  # main, as it was when it was last asked for


def message(text: str) -> str:
    with pytest.raises(PhosphoT5Error) as caught:
        fetch_files(DatasetAddress.parse(text))
    told = str(caught.value)
    assert "\n" not in told
    return told


def test_no_such_data_set(local_hub):
    assert message("hf://datasets/org/nothing") == (
        "hf://datasets/org/nothing/train: the Hub has no such data set, or it is private; check the spelling, or "
        "log in with `hf auth login` or set HF_TOKEN"
    )


def test_a_private_data_set_needs_a_token(publish, proteins, local_hub, monkeypatch):
    publish({"data/train.parquet": proteins})
    local_hub.repo(REPO, "dataset").private = True
    assert len(ids(ADDRESS)) == 6
    monkeypatch.setattr(constants, "HF_HUB_CACHE", constants.HF_HUB_CACHE + "-2")
    monkeypatch.delenv("HF_TOKEN")
    assert "has no such data set, or it is private" in message(ADDRESS)


def test_a_gated_data_set(publish, proteins, local_hub):
    publish({"data/train.parquet": proteins})
    refusal = Fault(403, "Access to dataset org/sites is restricted", headers={"X-Error-Code": "GatedRepo"})
    local_hub.faults.plan(refusal, "/tree/|/resolve/", times=None)
    assert message(ADDRESS) == (
        f"{ADDRESS}/train: access must be granted; ask for it at {local_hub.endpoint}/datasets/{REPO}, then log in "
        "with `hf auth login` or set HF_TOKEN"
    )


def test_no_such_revision(publish, proteins):
    publish({"data/train.parquet": proteins})
    assert message(f"{ADDRESS}@v9") == f"{ADDRESS}@v9/train: the data set has no branch, tag or commit v9"
    assert "has no branch, tag or commit 000" in message(f"{ADDRESS}@{'0' * 40}")


def test_no_such_split_or_file(publish, proteins):
    publish({"data/train.parquet": proteins, "extra.fasta": proteins})
    there = "it has data/train.parquet, extra.fasta"
    assert message(f"{ADDRESS}/test") == f"{ADDRESS}/test: the data set has no such split; {there}"
    assert message(f"{ADDRESS}/x.fasta") == f"{ADDRESS}/x.fasta: the data set has no such file; {there}"


def test_a_data_set_of_another_kind(api, local_hub):
    api.create_repo(REPO, repo_type="dataset")
    assert message(ADDRESS).endswith("has no such split; no .parquet, .fasta or .fasta.gz is in it")


def test_no_network(local_hub):
    local_hub.faults.plan(DROPPED, times=None)
    told = message(ADDRESS)
    assert told.startswith(
        f"{ADDRESS}/train: no connection to {local_hub.endpoint} and no copy in the cache ("
    )
    assert told.endswith(f"or run `hf download {REPO} --repo-type dataset` where there is a network")


def test_offline(local_hub, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert message(ADDRESS) == (
        f"{ADDRESS}/train: HF_HUB_OFFLINE is set and the cache has no copy; unset it, or run "
        f"`hf download {REPO} --repo-type dataset` where there is a network"
    )


def test_a_hub_that_is_down(publish, proteins, local_hub):
    publish({"data/train.parquet": proteins})
    local_hub.faults.plan(Fault(500), times=None)
    assert "the Hub answered 500; try again later" in message(ADDRESS)


def test_a_cache_that_cannot_be_written(publish, proteins, tmp_path, monkeypatch):
    publish({"data/train.parquet": proteins})
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "file" / "cache"))
    assert "cannot be kept in the cache, " in message(ADDRESS)


def test_a_name_that_the_hub_forbids(local_hub):
    assert "Cannot have -- or .. in repo_id" in message("hf://datasets/org/two--dashes")
