"""Names on the Hub, and what its errors become. Reading itself is tested in test_sources.py,
without a network.
"""

from __future__ import annotations

import pytest
from datasets.exceptions import DatasetNotFoundError
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

from curate.errors import UserError
from curate.sources.hub import HubName, _explain, parse_hub_name, resolve_revision

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("openai/gsm8k", HubName("openai/gsm8k")),
        ("openai/gsm8k:main", HubName("openai/gsm8k", "main")),
        ("openai/gsm8k@v1.0", HubName("openai/gsm8k", None, "v1.0")),
        (f"a-b/c_d.e:x y@{COMMIT}", HubName("a-b/c_d.e", "x y", COMMIT)),
        ("squad", HubName("squad")),
    ],
)
def test_names(text: str, name: HubName) -> None:
    assert parse_hub_name(text) == name


@pytest.mark.parametrize("text", ["", "a/b/c", "a b/c", "a/b:", "a/b@", "s3://a/b"])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(UserError, match="neither a path that exists nor a Hub data set"):
        parse_hub_name(text)


def test_a_commit_is_its_own_revision_and_without_the_hub_there_is_none_to_find() -> None:
    assert resolve_revision(HubName("a/b", None, COMMIT), reachable=True) == COMMIT
    assert resolve_revision(HubName("a/b", None, "main"), reachable=False) is None


def raised(kind: type[Exception], text: str) -> Exception:
    """An error of the Hub as it arrives, without the response that its constructor asks for."""
    error = kind.__new__(kind)
    Exception.__init__(error, text)
    return error


# The Hub's words for a data set that is not there speak of gated ones too.
MISSING = "Repository Not Found. If you are trying to access a private or gated repo, make sure you are authenticated."


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            raised(GatedRepoError, "Access is restricted."),
            "gated; accept its terms at https://hugg",
        ),
        (
            DatasetNotFoundError("Dataset 'a/b' is a gated dataset on the Hub."),
            "gated; accept its terms at https://hugg",
        ),
        (
            raised(RepositoryNotFoundError, MISSING),
            "no such file or folder, and no such data set on the Hub, or it is private",
        ),
        (raised(RevisionNotFoundError, "Revision Not Found."), "the data set has no such revision"),
        (ValueError("Unknown split \"dev\". Should be one of ['train']."), "no split 'dev' "),
        (
            ValueError("BuilderConfig 'x' not found. Available: ['y']"),
            "the subset is missing or unknown; write a/b:<subset>",
        ),
        (RuntimeError("two\nlines"), "cannot be read from the Hub (RuntimeError: two lines)"),
    ],
)
def test_errors_are_one_line_that_says_what_to_do(error: Exception, said: str) -> None:
    line = _explain(HubName("a/b"), "dev", error, reachable=True)
    assert line.startswith("a/b: ")
    assert said in line
    assert "\n" not in line
