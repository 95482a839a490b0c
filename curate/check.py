"""Is a data set sound, and ready for a trainer? (`curate check`)

    checked = check("my-rlvr", kind="rlvr")
    checked.findings        # finding, row id, detail

Looked at are a built folder, files of any kind that is read, or a data set of the Hub. Rows that
make no record, turns that a chat template makes something else of (`curate.check_turns`), prompts
that stand in several rows, files that differ from the lock and, for `rlvr`, labels that their own
verifiers refuse. The findings of a built folder are written into its audit, which no lock digests.
Nothing is repaired. In memory stand a hash and an id for every row and, for `rlvr`, the distinct
labels."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from curate import lock as locks
from curate.audit import store
from curate.check_lock import Fault, compare, digests, shape_of
from curate.check_turns import odd_turns, said, spoken_tokens
from curate.errors import UserError, unknown
from curate.formats import check_columns, check_format, detect, parse
from curate.formats.kinds import look
from curate.sources import open_bare, open_rows
from curate.sources.built import source_of
from curate.verify import selfcheck

FINDINGS: Mapping[str, str] = {
    "digest": "a file is missing, changed or not in the lock",
    "columns": "a Parquet file does not open, or its columns are not those of its kind",
    "counts": "the rows are not those that the lock or the audit counts",
    "audit": "the audit does not open, or does not add up",
    "schema": "the row cannot be parsed",
    "roles": "a role is unknown or in the wrong place",
    "empty": "there is no turn, or the last one, a ground truth or a verifier's name is empty",
    "blank-turn": "a turn is empty or blank, and calls no tool",
    "no-user-turn": "the user says nothing",
    "opening": "the first turn, after a system turn, is not the user's",
    "same-speaker": "two turns of the user, or of the assistant, follow each other",
    "bad-tools": "tools, or calls of tools, are no JSON list of objects, or encoded twice",
    "special-token": "a turn holds the text of a special token, which steers a model",
    "same-prompt": "the prompt appears in another row too",
    "same-answers": "chosen and rejected are the same but for blanks at their ends",
    "same-but-for-blanks": "chosen and rejected differ in blanks alone",
    "same-completion": "prompt and completion appear in another row too",
    "conflicting-labels": "prompt and completion appear in another row with the other label",
    "one-label": "all rows have the same label, so there is nothing to learn from",
    "unknown-verifier": "there is no verifier of this name",
    "bad-ground-truth": "the verifier cannot read the ground truth",
    "golden-fails": "the verifier refuses the ground truth itself",
    "perturbed-passes": "the verifier accepts a changed ground truth",
    "no-verdict": "the verifier gave no verdict in time, or failed",
    "unchecked": "the verifier lacks what it needs here, so the label was not tried",
    "conflicting-truths": "the prompt appears in another row with another ground truth",
}
PURPOSES: Mapping[str, str] = {
    "sft": "sft",
    "dpo": "preference",
    "kto": "unpaired",
    "rlvr": "rlvr",
}


@dataclass(frozen=True)
class Finding:
    """Something wrong: its name in FINDINGS, the id of the row (None for a file), and how it shows."""

    finding: str
    row: str | None
    detail: str


@dataclass(frozen=True)
class Checked:
    """What a check looked at and found, in the order of the rows."""

    path: str
    kind: str
    rows: int
    findings: list[Finding]
    only_read: dict[str, int]
    """Verifier -> rows whose label it could read, but not try: the label states no answer."""
    weaker: int = 0
    """Rows whose tests run in the process of the program that they test."""
    notes: list[str] = field(default_factory=list)
    """What is worth saying about how the rows were found."""
    held: list[str] = field(default_factory=list)
    """What the folder has as its lock says; only of a check against the lock."""

    @property
    def counts(self) -> dict[str, int]:
        """How many rows, or files, each finding has; only those that there are, in the order of
        FINDINGS.
        """
        found = Counter(finding.finding for finding in self.findings)
        return {name: found[name] for name in FINDINGS if found[name]}

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON can hold it."""
        head = {"path": self.path, "kind": self.kind, "rows": self.rows}
        found = {"counts": self.counts, "only_read": self.only_read}
        held: dict[str, Any] = {"held": self.held} if self.held else {}
        held |= {"weaker": self.weaker} if self.weaker else {}
        held |= {"notes": self.notes} if self.notes else {}
        return head | found | held | {"findings": [vars(finding) for finding in self.findings]}


@dataclass
class _Seen:
    """What rows have been met: prompts (of unpaired rows, with the completion) with the first row
    that has them and its label, the labels of verifiers with their rows, and how many rows were
    judged good and bad.
    """

    kind: str = ""
    tokenizer: str | None = None
    """Whose special tokens no text should hold."""
    prompts: dict[bytes, tuple[str, selfcheck.Label | bool | None]] = field(default_factory=dict)
    labels: dict[selfcheck.Label, list[str]] = field(default_factory=dict)
    may_repeat: bool = False
    """Whether rows may stand more than once without a finding."""
    judged: Counter[bool] = field(default_factory=Counter)


def check(
    path: str | Path,
    purpose: str | None = None,
    *,
    workers: int = 1,
    seconds: float = 30.0,
    allow_weaker: bool = False,
    tokenizer: str | None = None,
    fmt: Any = None,
    engine: Any = None,
    record: bool = True,
) -> Checked:
    """Check a built folder, a file, a glob or a Hub set; `purpose` is sft, dpo, kto or rlvr, found
    out by default, and so is `fmt`, a format's name or which column holds what.

    `workers` is the number of processes for verifiers, `seconds` their limit a row; `allow_weaker`
    lets solutions of `code` run within limits alone where no sandbox can be made. `tokenizer`, a
    `tokenizer.json` or its folder, says which special tokens no text should hold; without one they
    are those of the chat templates in wide use. `engine` is for verifiers that ask a language
    model. With `record`, what is found in a built folder goes into its audit. Raises UserError
    where the data cannot be opened or makes no records of the kind."""
    if purpose is not None and purpose not in PURPOSES:
        raise UserError(unknown("purpose", purpose, PURPOSES))
    folder = Path(path) if (Path(path) / locks.LOCK).is_file() else None
    lock = locks.load(folder) if folder else None
    findings = _of_files(digests(folder, lock)) if folder and lock else []
    kind = PURPOSES[purpose] if purpose else str(lock["recipe"]["kind"]) if lock else ""
    n_rows, seen, notes = 0, _Seen(tokenizer=tokenizer), list[str]()
    try:
        source = open_rows(folder) if folder else open_bare(str(path))
        notes += [] if folder else source.notes
        seen.may_repeat = lock is not None and _repeats(lock)
        for block in source.blocks():
            kind = kind or look(block, fmt)
            if fmt is not None:
                check_format(fmt, kind)
                check_columns(block, fmt)
            n_rows += block.n_rows
            own = fmt or (_given_format(lock, block.file) if lock else None) or detect(block, kind)
            seen.kind = kind
            findings.extend(_block(block, source.name, own, bool(folder), seen))
    except UserError as error:
        if not findings or n_rows:
            raise
        findings.append(
            Finding("digest", None, str(error))
        )  # no wonder, of a file that is not the one it was
    findings.extend(_one_label(seen))
    labels = selfcheck.tried(
        seen.labels, workers, seconds, allow_weaker=allow_weaker, engine=engine
    )
    findings.extend(_labels(seen, labels))
    only_read, weaker = (
        _only_read(seen, labels),
        sum(len(seen.labels[one]) for one in labels.weaker),
    )
    checked = Checked(str(path), kind, n_rows, findings, only_read, weaker, notes)
    if record and folder and (folder / store.DATABASE).is_file():
        _write(folder / store.DATABASE, checked)
    return checked


def check_lock(path: str | Path) -> Checked:
    """Check that a built folder holds what its lock says: every file, its columns, rows and audit.

    Rows are not looked into, nothing is written. Raises UserError where there is no lock to read.
    """
    held = compare(Path(path))
    return Checked(str(path), held.kind, held.rows, _of_files(held.faults), {}, held=held.held)


def _of_files(faults: Iterable[Fault]) -> list[Finding]:
    return [Finding(name, None, detail) for name, detail in faults]


def _repeats(lock: Mapping[str, Any]) -> bool:
    """Whether rows repeat by the will of the recipe, and no id says which."""
    again = any(
        (source.get("share") or 0) > 1 or (source.get("passes") or 1) > 1
        for source in lock["recipe"]["sources"]
    )
    return again and shape_of(lock) != "records"


def _given_format(lock: Mapping[str, Any], file: str) -> Any:
    """The format that the recipe gives for the rows of a file that stand as in their input."""
    if shape_of(lock) == "records":
        return None
    given = {source["name"]: source.get("format") for source in lock["recipe"]["sources"]}
    own = source_of(file, given)
    if own is not None:
        return given[own]
    first, *others = given.values()
    return first if all(other == first for other in others) else None


def _block(block: Any, name: str, fmt: Any, built: bool, seen: _Seen) -> Iterator[Finding]:
    parsed = parse(block, fmt, seen.kind)
    own = parsed.origin_id.to_pylist() if built else [None] * len(parsed.rows)
    ids = [mine or f"{name}/{row}" for mine, row in zip(own, parsed.rows.tolist(), strict=True)]
    bad = {one.row: _unsound(one, name, built) for one in parsed.quarantine}
    tokens = spoken_tokens(seen.kind, parsed.records, seen.tokenizer)
    sound = zip(ids, parsed.records.to_pylist(), tokens, strict=True)
    records = dict(zip(parsed.rows.tolist(), sound, strict=True))
    for row in sorted(bad.keys() | records.keys()):
        if row in bad:
            yield bad[row]
        else:
            own_id, record, token = records[row]
            odd = list(odd_turns(seen.kind, record))
            odd += [("special-token", f"a turn holds {token}")] if token else []
            yield from (Finding(code, own_id, detail) for code, detail in odd)
            yield from _record(own_id, record, seen)


def _unsound(quarantined: Any, name: str, built: bool) -> Finding:
    """The finding of a row that makes no record; a built row is named by the id in its text, where
    that can be read.
    """
    row = f"{name}/{quarantined.row}"
    if built:
        try:
            row = str(json.loads(quarantined.raw)["id"])
        except (ValueError, KeyError, TypeError):
            row = f"{quarantined.file}/{quarantined.row}"
    return Finding(quarantined.code, row, quarantined.reason)


def _record(row: str, record: Mapping[str, Any], seen: _Seen) -> Iterator[Finding]:
    """What a record has in common with those before it; its label is kept for later."""
    label: selfcheck.Label | bool | None = None
    kind = seen.kind
    if kind == "rlvr":
        label = (str(record["verifier"]), str(record["ground_truth"]))
        seen.labels.setdefault(label, []).append(row)
    if kind == "unpaired":
        label = bool(record["label"])
        seen.judged[label] += 1
    if "#" in row.rpartition("/")[2]:
        return  # a row that the recipe repeats
    key = hashlib.blake2b(json.dumps(_asked(record, kind)).encode(), digest_size=16).digest()
    first, other = seen.prompts.setdefault(key, (row, label))
    if first != row and (label != other or not seen.may_repeat):
        yield _again(row, first, label, other)


def _asked(record: Mapping[str, Any], kind: str) -> list[Any]:
    """What should stand in one row only: the prompt, and of unpaired rows the completion too."""
    if kind == "unpaired":
        return [said(record["prompt"]), said(record["completion"])]
    return said(record["messages"][:-1] if kind == "sft" else record["prompt"])


def _again(
    row: str,
    first: str,
    label: selfcheck.Label | bool | None,
    other: selfcheck.Label | bool | None,
) -> Finding:
    """The finding of a row of which another says the same, perhaps with another label."""
    same = f"{first} has the same prompt"
    if isinstance(label, bool):
        name = "same-completion" if label == other else "conflicting-labels"
        return Finding(name, row, f"{same} and completion, labelled {str(other).lower()}")
    if isinstance(label, tuple) and isinstance(other, tuple) and label != other:
        truth = f"{same} and the ground truth {other[1][:60]!r}"
        return Finding("conflicting-truths", row, truth)
    return Finding("same-prompt", row, same)


def _one_label(seen: _Seen) -> Iterator[Finding]:
    """Unpaired rows that are all good, or all bad, teach nothing: KTO learns from the difference."""
    if len(seen.judged) == 1 and (n := seen.judged.total()) > 1:
        (label,) = seen.judged
        yield Finding("one-label", None, f"all {n:,} rows are labelled {str(label).lower()}")


def _labels(seen: _Seen, tried: selfcheck.Tried) -> Iterator[Finding]:
    for label, rows in seen.labels.items():
        for fault in tried.faults.get(label, ()):
            yield from (Finding(fault.fault, row, fault.detail) for row in rows)


def _only_read(seen: _Seen, tried: selfcheck.Tried) -> dict[str, int]:
    rows: Counter[str] = Counter()
    for label, verifiers in tried.only_read.items():
        rows.update(dict.fromkeys(verifiers, len(seen.labels[label])))
    return dict(sorted(rows.items()))


def _write(database: Path, checked: Checked) -> None:
    columns = {
        "finding": [one.finding for one in checked.findings],
        "doc_id": [one.row for one in checked.findings],
        "detail": [one.detail for one in checked.findings],
    }
    table = pa.table(columns, schema=pa.schema([(name, pa.string()) for name in columns]))
    summary = {
        name: value for name, value in checked.as_dict().items() if name not in ("path", "findings")
    }
    store.write_findings(database, table, summary)
