"""What tests of verifiers share: a sandbox, or the reason why there is none."""

from __future__ import annotations

import pytest

from curate.errors import UserError
from curate.verify.sandbox import run


@pytest.fixture(scope="session")
def sandboxed() -> None:
    """Skip where no sandbox can be made."""
    try:
        run("")
    except UserError as error:
        pytest.skip(str(error))
