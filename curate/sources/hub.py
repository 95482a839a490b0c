"""Data sets of the Hugging Face Hub, through `datasets`: named `org/name[:subset][@revision]`.

The revision that was really read is resolved to its commit, so that a lock file can name it.
Refused with one line: an unknown or gated data set (with the page to accept its terms on), a
subset or a split that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from curate.errors import UserError
from curate.files import BLOCK_BYTES, Block, SourceFile, read_dataset
from curate.network import hub_reachable, offline
from curate.sources.source import some

_NAME = re.compile(r"(?P<path>[\w.-]+(?:/[\w.-]+)?)(?::(?P<subset>[^@/:]+))?(?:@(?P<revision>.+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class DatasetSource:
    """Rows of a `datasets.Dataset`; see `Source`. Nobody edits the files in its cache."""

    name: str
    from_: str
    dataset: Any
    revision: str | None = None
    origin: str = "hub"
    notes: tuple[str, ...] = ()
    files: tuple[SourceFile, ...] = ()

    def blocks(
        self,
        limit: int | None = None,
        *,
        block_bytes: int = BLOCK_BYTES,
        hashes: MutableMapping[str, str] | None = None,
    ) -> Iterator[Block]:
        """The blocks of the data set; nothing is hashed, since the revision pins the rows."""
        return some(self, read_dataset(self.dataset, self.from_, 0, block_bytes), limit)

    def estimated_bytes(self) -> int:
        """Bytes of its columns."""
        return int(self.dataset.data.nbytes)


@dataclass(frozen=True)
class HubName:
    """A data set on the Hub; without a subset its default one, without a revision its newest."""

    path: str
    subset: str | None = None
    revision: str | None = None


@dataclass(frozen=True)
class HubData:
    """An opened split and the commit it was read at (None where the Hub cannot be asked)."""

    dataset: Any
    revision: str | None


def parse_hub_name(text: str) -> HubName:
    """Take `org/name[:subset][@revision]` apart; raises UserError on anything else."""
    match = _NAME.fullmatch(text)
    if not match:
        raise UserError(
            f"'{text}' is neither a path that exists nor a Hub data set (org/name[:subset][@revision])"
        )
    return HubName(match["path"], match["subset"], match["revision"])


def open_hub(name: HubName, split: str | None) -> HubData:
    """Download (or find in the cache) one split, memory-mapped; raises UserError where there is
    none.
    """
    import datasets  # takes seconds to import; local files need not pay

    reachable = hub_reachable()
    commit = resolve_revision(name, reachable=reachable)
    wanted = split or "train"
    try:
        with nullcontext() if reachable else offline():
            loaded = datasets.load_dataset(
                name.path, name=name.subset, split=wanted, revision=commit or name.revision
            )
    except (
        Exception
    ) as error:  # `datasets` raises dozens of types, down to those of its file readers
        raise UserError(_explain(name, wanted, error, reachable=reachable)) from error
    return HubData(loaded, commit)


def resolve_revision(name: HubName, *, reachable: bool) -> str | None:
    """The commit a name stands for now; None where the Hub is out of reach (a copy may be cached)."""
    if name.revision and _COMMIT.fullmatch(name.revision):
        return name.revision
    if not reachable:
        return None
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return HfApi().dataset_info(name.path, revision=name.revision).sha
    except HfHubHTTPError as error:
        status = getattr(error.response, "status_code", None)
        if status in (401, 403, 404):
            raise UserError(_explain(name, "", error, reachable=True)) from error
        return None
    except OSError:  # the connection went in between; loading will say so if the cache cannot help
        return None


def _explain(name: HubName, split: str, error: BaseException, *, reachable: bool) -> str:
    page = f"https://huggingface.co/datasets/{name.path}"
    line = " ".join(str(error).split())[:300]
    where = (
        name.path
        + (f":{name.subset}" if name.subset else "")
        + (f"@{name.revision}" if name.revision else "")
    )
    kind = type(error).__name__
    if kind == "GatedRepoError" or "is a gated dataset" in line:
        return f"{where}: the data set is gated; accept its terms at {page} and log in with `hf auth login`"
    if kind in ("RepositoryNotFoundError", "DatasetNotFoundError"):
        return f"{where}: no such file or folder, and no such data set on the Hub, or it is private; see {page}"
    if kind == "RevisionNotFoundError":
        return f"{where}: the data set has no such revision; see {page}"
    if "split" in line.lower():
        return f"{where}: no split '{split}' ({line})"
    if "BuilderConfig" in line or "Config name is missing" in line:
        return f"{where}: the subset is missing or unknown; write {name.path}:<subset> ({line})"
    if not reachable and isinstance(error, OSError):
        return (
            f"{where}: no such file or folder; as a name on the Hub: the Hub cannot be reached, and its cache "
            f"holds no copy; see {page}"
        )
    return f"{where}: cannot be read from the Hub ({kind}: {line}); see {page}"
