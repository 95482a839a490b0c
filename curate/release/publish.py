"""A parcel on the Hub: uploaded by `huggingface_hub`, then compared with what lies there.

A repository is made private unless it is to be public; one that is there keeps its visibility, and
a public one is not written to unasked. Files of an earlier version in data/, removed/ and
quarantine/ go in the commit that brings the new ones, so that at no time rows of two versions are
there. An upload that broke off continues when it is asked for again: what has arrived is not sent
twice."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curate.errors import CurateError, UserError
from curate.release.parcel import FOLDERS, Parcel, Piece

_NAME = re.compile(r"\w(?:[\w.-]*\w)?/\w(?:[\w.-]{0,94}\w)?", re.ASCII)
_AGAIN = "the same command continues where this one stopped"


@dataclass(frozen=True)
class Sent:
    """What lies on the Hub now: the page of the data set, the commit, and the files compared."""

    url: str
    commit: str
    files: int
    bytes: int

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON can hold it."""
        return asdict(self)


def publish(out: Parcel, repo: str, *, public: bool = False) -> Sent:
    """Upload a parcel to the data set `repo` (org/name), and compare every file that arrived.

    Raises UserError where there is no token, where the name is none, or where the repository may
    not be written to; CurateError where the upload broke off, or another file arrived than was
    sent."""
    from huggingface_hub import HfApi, get_token

    check_name(repo)
    if get_token() is None:
        raise UserError("no token for the Hub: run `hf auth login`, or set HF_TOKEN")
    api = HfApi()
    with _told(repo):
        _open(api, repo, public)
    with _told(repo):
        commit = api.create_commit(  # one, where `upload_folder` makes several of many files
            repo_id=repo,
            repo_type="dataset",
            operations=_operations(out, api.list_repo_files(repo, repo_type="dataset")),
            commit_message=f"{out.folder.resolve().name}, as its lock says",
        )
    with _told(repo):
        tree = api.list_repo_tree(repo, repo_type="dataset", revision=commit.oid, recursive=True)
        there = {one.path: one for one in tree if hasattr(one, "blob_id")}
    faults = list(_faults(out, there))
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise CurateError(f"{repo} at {commit.oid[:12]} is not what was sent: {faults[0]}{more}")
    url = f"{api.endpoint}/datasets/{repo}"
    return Sent(url, commit.oid, len(out.pieces), out.size)


def check_name(repo: str) -> None:
    """Raise UserError for anything that is no org/name of the Hub."""
    if not _NAME.fullmatch(repo) or any(pair in repo for pair in ("--", "..")):
        raise UserError(
            f"'{repo}' is no name of a data set: give org/name, of letters, digits, '-', '_' and '.'"
        )


def _open(api: Any, repo: str, public: bool) -> None:
    """Make the repository, or see that the one there may be written to as it is."""
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        private = bool(api.repo_info(repo, repo_type="dataset").private)
    except RepositoryNotFoundError:
        api.create_repo(repo, repo_type="dataset", private=not public)
        return
    if not private and not public:
        raise UserError(f"{repo}: is public; give --public to publish there all the same")
    if private and public:
        raise UserError(
            f"{repo}: is private, which publishing does not change; leave --public out, or open it "
            "in its settings first"
        )


def _operations(out: Parcel, there: Iterable[str]) -> list[Any]:
    """What one commit does: every file of the parcel is put, and files of rows that are not among
    them go.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    sent = {piece.path for piece in out.pieces}
    gone = [path for path in there if path.startswith(FOLDERS) and path not in sent]
    return [
        *(CommitOperationDelete(path_in_repo=path, is_folder=False) for path in gone),
        *(
            CommitOperationAdd(path_in_repo=piece.path, path_or_fileobj=out.content(piece))
            for piece in out.pieces
        ),
    ]


def _faults(out: Parcel, there: Mapping[str, Any]) -> Iterator[str]:
    """Files that did not arrive as they were sent, and files of rows that nobody sent."""
    for piece in out.pieces:
        found = there.get(piece.path)
        if found is None:
            yield f"{piece.path} is not there"
        elif found.size != piece.size:
            yield f"{piece.path} has {found.size:,} bytes there, {piece.size:,} here"
        elif not _same(out, piece, found):
            yield f"{piece.path} has other bytes there than here"
    sent = {piece.path for piece in out.pieces}
    for path in sorted(there.keys() - sent):
        if path.startswith(FOLDERS):
            yield f"{path} is there, and was not sent"


def _same(out: Parcel, piece: Piece, found: Any) -> bool:
    """Whether a file of the same size is the same: by its SHA-256, or by git's name for it."""
    if found.lfs is not None:
        return bool(found.lfs.sha256 == piece.sha256)
    content = out.content(piece)
    content = content.read_bytes() if isinstance(content, Path) else content
    blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return bool(found.blob_id == blob.hexdigest())


@contextmanager
def _told(repo: str) -> Iterator[None]:
    """Errors of the Hub in one line: 2 where whoever calls has to mend something, else 1."""
    try:
        yield
    except CurateError:
        raise
    except Exception as error:  # dozens of types, those of the HTTP library among them
        raise _explained(repo, error) from error


def _explained(repo: str, error: BaseException) -> CurateError:
    chain = [error]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)
    cause = next((one for one in chain if getattr(one, "response", None) is not None), chain[-1])
    status = getattr(getattr(cause, "response", None), "status_code", None)
    why = getattr(cause, "server_message", None) or _first_line(cause)
    if status == 401:
        return UserError(f"{repo}: the Hub does not accept the token ({why}); run `hf auth login`")
    if status in (403, 404):
        return UserError(f"{repo}: the token may not write there ({why})")
    what = "" if cause is error else f"{_first_line(error).removesuffix('.')}: "
    how = f"the Hub answered {status}" if status else type(cause).__name__
    return CurateError(f"{repo}: {what}{how} ({why}); {_AGAIN}")


def _first_line(error: BaseException) -> str:
    return " ".join(str(error).split("\n\n")[0].split())[:200]
