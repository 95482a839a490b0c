"""`curate publish` against a Hub of our own: what goes out, what may not, and what arrives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from huggingface_hub import constants

from curate.lock import load as load_lock
from curate.shards import sha256
from tests.command import Done, call
from tests.release.hub import TOKEN, Hub, running

# The Hub's client hands files to its HTTP library in a way that this one calls outdated.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub that the client of this process talks to, with a token, without Xet."""
    from huggingface_hub.utils.tqdm import disable_progress_bars, enable_progress_bars

    with running() as found:
        monkeypatch.setattr(constants, "ENDPOINT", found.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        disable_progress_bars()
        yield found
        enable_progress_bars()


def publish(out: Path, *arguments: str, repo: str = "org/small") -> Done:
    return call("publish", out, repo, *arguments, cwd=out.parent)


def test_what_arrives_is_what_was_sent(built: Path, hub: Hub) -> None:
    done = publish(built, "--yes")
    assert done.code == 0, done.err
    repo = hub.repos["org/small"]
    assert repo.private and done.out.splitlines()[-1].endswith("files compared, all as sent")
    outputs = load_lock(built)["outputs"]
    beside = {"README.md", "croissant.json", "recipe.lock.json", "recipe.yaml"}
    assert set(repo.files) == {*outputs, *beside, "audit.duckdb", "report.html"}
    for name in outputs:
        assert repo.files[name] == (built / name).read_bytes() and name in repo.lfs
        assert f"{sha256(built / name)[:16]}" in done.out and name in done.out
    (commit,) = repo.commits
    assert publish(built, "--yes", "--json").code == 0
    assert repo.commits == [commit]  # nothing has changed, nothing is sent


def test_the_card_says_what_is_data_and_removed_rows_are_none(
    built: Path, hub: Hub, tmp_path: Path
) -> None:
    card = built / "README.md"
    before = card.read_text("utf-8")
    stale = "dataset_info: {config_name: old, splits: [{name: gone, num_examples: 9}]}\n"
    card.write_text(before.replace("configs:\n", f"{stale}configs:\n", 1) + "By hand.\n", "utf-8")
    try:
        assert publish(built, "--yes").code == 0
    finally:
        card.write_text(before, "utf-8")
    text = hub.repos["org/small"].files["README.md"].decode()
    _, head, body = text.split("---\n", 2)
    told = yaml.safe_load(head)
    assert body.endswith("By hand.\n") and told["license"] == "mit"
    default, removed = told["configs"]
    assert [one["path"] for one in default["data_files"]] == [
        "data/train-*.parquet",
        "data/validation-*.parquet",
    ]
    assert default["default"] and removed["config_name"] == "removed"
    sizes = {
        (one["config_name"], split["name"]): split["num_examples"]
        for one in told["dataset_info"]
        for split in one["splits"]
    }
    assert sizes == {
        ("default", "train"): 17,
        ("default", "validation"): 4,
        ("removed", "removed"): 1,
    }


def test_datasets_opens_what_was_published(built: Path, hub: Hub, tmp_path: Path) -> None:
    import datasets

    assert publish(built, "--yes").code == 0
    for name, content in hub.repos["org/small"].files.items():
        (tmp_path / "copy" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "copy" / name).write_bytes(content)
    copy, cache = str(tmp_path / "copy"), str(tmp_path / "cache")
    found = datasets.load_dataset(copy, cache_dir=cache)
    assert {name: len(split) for name, split in found.items()} == {"train": 17, "validation": 4}
    (removed,) = datasets.load_dataset(copy, "removed", split="removed", cache_dir=cache)
    assert removed["step"] == "dedup"


def test_files_of_an_earlier_version_go(built: Path, hub: Hub) -> None:
    assert publish(built, "--yes").code == 0
    repo = hub.repos["org/small"]
    old = {"data/train-00001-of-00002.parquet", "removed/old.parquet"}
    repo.files |= dict.fromkeys(old | {"notes.md"}, b"earlier")
    del repo.files[new := next(path for path in repo.files if path.startswith("data/"))]
    assert publish(built, "--yes").code == 0
    assert len(repo.commits) == 2 and new in repo.files  # the old ones go as the new ones come
    assert not old & repo.files.keys() and repo.files["notes.md"] == b"earlier"


def test_an_upload_that_breaks_off_continues(built: Path, hub: Hub) -> None:
    hub.failing_puts = 1
    done = publish(built, "--yes")
    assert done.code == 1
    assert done.err.startswith("curate: org/small: ") and "the storage is out of order" in done.err
    assert done.error.endswith("the same command continues where this one stopped")
    assert hub.repos["org/small"].files == {}
    before = hub.puts()
    assert publish(built, "--yes").code == 0
    lfs = hub.repos["org/small"].lfs
    assert hub.puts() - before < len(lfs) <= hub.puts() - 1  # what had arrived was not sent again


def test_another_file_arrives_than_was_sent(built: Path, hub: Hub) -> None:
    for spoilt in ("recipe.yaml", sorted(load_lock(built)["outputs"])[0]):
        hub.repos.clear()
        hub.spoils = spoilt
        done = publish(built, "--yes")
        assert done.code == 1
        assert done.error.endswith(
            f"is not what was sent: {spoilt} has other bytes there than here"
        )


def test_where_nobody_may_write(built: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    done = publish(built, "--yes", repo="others/small")
    assert (done.code, hub.repos) == (2, {})
    assert done.error == (
        "curate: others/small: the token may not write there (You don't have the rights to create here)"
    )
    assert publish(built, "--yes").code == 0
    hub.writers.clear()
    (built / "recipe.yaml").touch()
    assert publish(built, "--yes").code == 2
    monkeypatch.setenv("HF_TOKEN", "hf_another")
    done = publish(built, "--yes")
    assert done.code == 2 and "does not accept the token" in done.error
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(built / "no-token"))
    done = publish(built, "--yes")
    assert (done.code, done.error) == (
        2, "curate: no token for the Hub: run `hf auth login`, or set HF_TOKEN"
    )  # fmt: skip


def test_a_public_data_set_is_not_written_to_unasked(built: Path, hub: Hub) -> None:
    assert publish(built, "--yes", "--public").code == 0
    assert not hub.repos["org/small"].private
    done = publish(built, "--yes")
    assert done.code == 2 and "give --public" in done.error
    hub.repos["org/small"].private = True
    assert publish(built, "--yes", "--public").code == 2


def test_nothing_is_sent_unasked(built: Path, hub: Hub) -> None:
    done = publish(built, "--dry-run")
    assert done.code == 0 and "README.md" in done.out and "private" in done.out
    told = json.loads(publish(built, "--dry-run", "--json").out)
    assert {one["path"] for one in told["files"]} > set(load_lock(built)["outputs"])
    done = publish(built)
    assert done.code == 2 and done.error.startswith("curate: nobody can be asked here")
    for name in ("small", "org/", "org/small/more", "org/sm all"):
        assert publish(built, "--yes", repo=name).code == 2
    assert hub.asked == []


def test_a_folder_that_is_not_what_its_lock_says_stays(built: Path, hub: Hub) -> None:
    extra = built / "data" / "extra.parquet"
    extra.write_bytes(b"mine")
    try:
        done = publish(built, "--yes")
    finally:
        extra.unlink()
    assert done.code == 1 and "data/extra.parquet is not in the lock" in done.error
    assert publish(built.parent, "--yes").code == 2
    assert hub.asked == []
