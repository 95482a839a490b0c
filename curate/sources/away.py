"""Whether a source can be read without the Hub, told without opening it."""

from __future__ import annotations

from pathlib import Path

from curate.sources.hub import parse_hub_name
from curate.sources.paths import is_path


def is_away(from_: str, base: Path) -> bool:
    """Whether a `from` names a data set of the Hub of which the cache of this machine has nothing.

    Raises UserError where it is neither a path nor such a name.
    """
    if is_path(from_, base):
        return False
    folder = parse_hub_name(from_).path.replace("/", "--")
    from huggingface_hub import constants  # half a second that a recipe of files need not pay

    return not (Path(constants.HF_HUB_CACHE) / f"datasets--{folder}").is_dir()
