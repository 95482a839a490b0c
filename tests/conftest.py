"""What every test may use: hypothesis profiles, of which `soak` draws other examples each time; real
data and a sandbox, where there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from curate.errors import UserError
from curate.verify.sandbox import run

ROOT = Path(__file__).resolve().parent.parent

# Shared machines are slow at times: a deadline would fail for a reason that is not the code's.
settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
# Ten times as many examples, and others each time; a failure prints what draws it again.
settings.register_profile(
    "soak", settings.get_profile("ci"), max_examples=1000, derandomize=False, print_blob=True
)
settings.load_profile("ci")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What builds keep in the user's cache lies in a folder of the test run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """Give the root folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of real data beside the repository, or skip where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data (../shared/data) is not here")
    return folder


@pytest.fixture(scope="session")
def sandboxed() -> None:
    """Skip where no sandbox can be made."""
    try:
        run("")
    except UserError as error:
        pytest.skip(str(error))
