"""Whether the Hugging Face Hub can be reached, and working from its cache alone where it cannot.

Without this, every data set that is not in the cache costs half a minute of retries before it
fails. Nothing here downloads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


def hub_reachable(timeout: float = 5.0) -> bool:
    """Ask the Hub once, through the proxies and the endpoint that are set; any answer counts."""
    from huggingface_hub import constants, get_session

    if constants.is_offline_mode():
        return False
    try:
        get_session().head(constants.ENDPOINT, timeout=timeout)
    except Exception:  # each HTTP library has its own types for "no connection"
        return False
    return True


@contextmanager
def offline() -> Iterator[None]:
    """Let `datasets` and `huggingface_hub` read their cache only, as HF_HUB_OFFLINE=1 would from
    the start.
    """
    import datasets
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = datasets.config.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE = before
