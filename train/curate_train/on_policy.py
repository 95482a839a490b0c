"""Is the model that is trained the one whose answers are in the pairs?

    for line in strangers(Path("my-pairs"), config.model, config.revision): ...

A lock says which checkpoint the on-policy answers of a source came from. Weights are compared by
their digest or commit, so a folder may have moved; nothing is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from curate.engines.spec import EMBEDDED
from curate.engines.weights import weights
from curate.lock import LOCK, load
from curate_train.model import is_local


def strangers(folder: Path, model: str, revision: str | None) -> Iterator[str]:
    """A line for each source whose on-policy answers are another model's."""
    if not (folder / LOCK).is_file():
        return
    lock = load(folder)
    for source in lock["recipe"]["sources"]:
        policy = (source.get("prefer") or {}).get("on_policy")
        if not policy:
            continue
        made = lock["inputs"]["sources"][source["name"]]["made"]
        wrote = made["engines"][policy["engine"]]
        if not _same(wrote, model, revision):
            yield (
                f"source '{source['name']}': its on-policy answers are those of {wrote['model']} "
                f"({wrote['revision'][:19]}), and this run begins with {model}: for it they are not"
            )


def _same(wrote: Mapping[str, Any], model: str, revision: str | None) -> bool:
    if model == EMBEDDED or is_local(model):
        return bool(wrote["revision"] == weights(model, revision)[1])
    return bool(wrote["model"] == model and revision in (None, wrote["revision"]))
