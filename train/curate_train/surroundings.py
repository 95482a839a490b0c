"""What a run is surrounded by: libraries that keep quiet and tell nobody of it, and a disk that may
be full.
"""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curate.errors import CurateError, UserError, extra, option

# Where the user has set one, that stands.
_ENVIRONMENT = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
}


@contextmanager
def surroundings(folder: Path) -> Iterator[None]:
    """Quiet libraries that tell nobody of the run; a full disk is one line that says how to go on."""
    wanted = {**_ENVIRONMENT, "TENSORBOARD_LOGGING_DIR": str(folder / "tensorboard")}
    ours = {name: value for name, value in wanted.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        import datasets
        import transformers
        import trl  # noqa: F401
    except ImportError as error:
        need = f"training needs the extra 'train' ({error.name} is missing)"
        raise UserError(f"{need}: {extra('train')}") from None
    warnings.filterwarnings(
        "ignore", category=FutureWarning, module=r"transformers|trl|peft"
    )  # not the user's to mend
    datasets.disable_progress_bars()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    try:
        yield
    except (OSError, RuntimeError) as error:
        if _disk(error):
            full = f"{folder}: could not be written ({_disk(error)}); earlier checkpoints are whole"
            raise CurateError(
                f"{full}: make room, then add {option('--resume', 'resume=True')}"
            ) from error
        raise
    finally:
        for name in ours:
            os.environ.pop(name, None)


def _disk(error: Exception) -> str:
    """What a disk that takes no more says, through whichever library wrote; empty for another
    error.
    """
    codes = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in codes:
            return str(cause.strerror)
        cause = cause.__cause__ or cause.__context__
    words = ("No space left on device", "File too large", "Disk quota exceeded")
    found = next((word for word in words if word in str(error)), "")
    cut = "inline_container" in str(error) and (
        "unexpected pos" in str(error) or "failed writing" in str(error)
    )
    return found or (
        "a file was cut short" if cut else ""
    )  # the second is all that torch.save says
