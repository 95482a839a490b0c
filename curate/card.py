"""Writes the dataset card: the README.md of a built folder, as the Hugging Face Hub reads it.

The front matter names the splits, so `datasets.load_dataset(folder)` gives exactly those, and the
removed rows are a configuration of their own. Below it stand the figures a reader asks for first:
which sources under which licences, what was dropped and why, what the steps tell, and how to load,
question and rebuild the data.

A card states only what it is given: a licence nobody stated is "not stated", a missing figure is
left out. It holds no time and no absolute path, so the same build gives the same card."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from curate.audit.markdown import plain, table

TASKS = {
    "prompt": ["text-generation"],
    "sft": ["text-generation"],
    "preference": ["text-generation", "reinforcement-learning"],
    "unpaired": ["text-generation", "reinforcement-learning"],
    "rlvr": ["text-generation", "reinforcement-learning"],
}
TAGS = {
    "prompt": ["prompts"],
    "sft": ["sft", "instruction-tuning"],
    "preference": ["preference", "dpo"],
    "unpaired": ["preference", "unpaired-preference", "kto"],
    "rlvr": ["rlvr", "verifiable-rewards"],
}
KIND_WORDS = {
    "prompt": "prompts",
    "sft": "conversations for supervised fine-tuning",
    "preference": "preference pairs",
    "unpaired": "answers judged good or bad",
    "rlvr": "prompts with verifiable answers",
}
# Identifiers the Hub knows, by the names people write. Anything else becomes `other`, and is named
# in the table.
_HUB_LICENCES = """
    apache-2.0 mit openrail bsd bsd-2-clause bsd-3-clause cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0
    cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0
    cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 wtfpl
    afl-3.0 artistic-2.0 bsl-1.0 isc gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 agpl-3.0 mpl-2.0 epl-2.0 odc-by odbl
    pddl unlicense zlib gfdl llama2 llama3 llama3.1 llama3.2 llama3.3 gemma
"""
HUB_LICENCES = frozenset(_HUB_LICENCES.split())
# Names from SPDX that the Hub writes in another way.
_ALIASES = {"odc-by-1.0": "odc-by", "odbl-1.0": "odbl", "pddl-1.0": "pddl", "cc0": "cc0-1.0"}
REBUILD = "curate build path/to/this/folder/recipe.yaml --locked path/to/this/folder -o rebuilt"
SIZES = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")


@dataclass(frozen=True)
class SourceFacts:
    """One source: what it is, and the rows it had, kept and gave."""

    name: str
    licence: str | None
    rows_read: int
    rows_kept: int
    rows_written: int
    from_: str | None = None
    revision: str | None = None
    shortfall: int = 0


@dataclass(frozen=True)
class SplitFacts:
    """One split: its name, the glob of its files from the folder's root, and its size."""

    name: str
    glob: str
    rows: int
    size: int | None = None


@dataclass(frozen=True)
class CardFacts:
    """Everything a card says. Sizes are bytes; `lock_digest` is the sha256 of recipe.lock.json, in
    hex.
    """

    name: str
    kind: str
    sources: Sequence[SourceFacts]
    splits: Sequence[SplitFacts]
    left_out: Sequence[tuple[str, str, int]] = ()
    """Rows that are in no split: the step at which they left, their fate, and how many."""
    sections: Sequence[str] = ()
    """What the steps tell, as Markdown."""
    limit: int | None = None
    warnings: Sequence[str] = ()
    lock_digest: str | None = None
    rows: str = "records"
    """What stands in a row: `records`, or what the `input` or its `lines` held."""
    configs: Mapping[str, Mapping[str, Sequence[str]]] | None = None
    """The files of each split by the name under which `datasets` opens them; left out: `default`
    with the splits.
    """
    shares: str = "rows"
    """What shortfalls are counted in: rows or tokens."""


def card(facts: CardFacts) -> str:
    """Write the whole README.md of a built folder."""
    parts = [
        front_matter(facts),
        f"# {plain(facts.name)}\n",
        _opening(facts),
        _notes(facts),
        _sources(facts),
        _dropped(facts),
        *facts.sections,
        _use(facts),
    ]
    return "\n".join(part for part in parts if part)


def front_matter(facts: CardFacts) -> str:
    """The YAML head: what the Hub's search and `datasets` read."""
    head: dict[str, object] = {"pretty_name": facts.name}
    licences = sorted({_hub_licence(source.licence) for source in facts.sources})
    if licences:
        head["license"] = licences if len(licences) > 1 else licences[0]
    head["task_categories"] = TASKS[facts.kind]
    head["tags"] = [*TAGS[facts.kind], "curate", "trl"]
    head["size_categories"] = [size_category(sum(split.rows for split in facts.splits))]
    head["configs"] = _configs(facts)
    # No line breaks at a width: a long glob or name stays on its line, as people expect to read it.
    return f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=10**6)}---\n"


def size_category(rows: int) -> str:
    """The Hub's class of size for a number of rows, such as 10K<n<100K."""
    for number, upper in enumerate(SIZES):
        if rows < 10 ** (number + 3):
            return f"n<{upper}" if number == 0 else f"{SIZES[number - 1]}<n<{upper}"
    return f"n>{SIZES[-1]}"


def _configs(facts: CardFacts) -> list[dict[str, object]]:
    configs: list[dict[str, object]] = []
    for name, splits in _named(facts).items():
        files = [
            {"split": split, "path": list(paths) if len(paths) > 1 else paths[0]}
            for split, paths in splits.items()
        ]
        default = {"default": True} if name == "default" else {}
        configs.append({"config_name": name, **default, "data_files": files})
    if _has_removed(facts) and _in_parquet(facts):
        removed = [{"split": "removed", "path": "removed/*.parquet"}]
        configs.append({"config_name": "removed", "data_files": removed})
    return configs


def _named(facts: CardFacts) -> Mapping[str, Mapping[str, Sequence[str]]]:
    if facts.configs is not None:
        return facts.configs
    return {"default": {split.name: [split.glob] for split in facts.splits}}


def _in_parquet(facts: CardFacts) -> bool:
    """Whether the rows are; in one folder `datasets` opens files of one kind."""
    paths = [path for splits in _named(facts).values() for own in splits.values() for path in own]
    return all(path.endswith(".parquet") for path in paths)


def _has_removed(facts: CardFacts) -> bool:
    return any(fate in ("removed", "duplicate") for _, fate, _ in facts.left_out)


def _hub_licence(licence: str | None) -> str:
    if not licence or not licence.strip():
        return "unknown"
    written = (
        re.sub(r"[\s_]+", "-", licence.strip().lower())
        .removesuffix("-only")
        .removesuffix("-or-later")
    )
    written = _ALIASES.get(written, written)
    return written if written in HUB_LICENCES else "other"


_FORM = {"records": " of Parquet", "input": " of Parquet", "lines": ""}
_SHAPES = {
    "records": "",
    "input": " They have the columns of their input; rows that could not be parsed are not among them.",
    "lines": " They are unchanged lines of their files, one file for each source; rows that could not "
    "be parsed are not among them.",
}


def _opening(facts: CardFacts) -> str:
    rows = " and ".join(f"{split.rows:,} {plain(split.name)}" for split in facts.splits) or "no"
    sources = f"{len(facts.sources)} {'source' if len(facts.sources) == 1 else 'sources'}"
    sizes = [split.size for split in facts.splits]
    size = (
        f", {_bytes(sum(s for s in sizes if s is not None))}{_FORM[facts.rows]}"
        if sizes and None not in sizes
        else ""
    )
    told = f"{KIND_WORDS[facts.kind].capitalize()}: {rows} rows from {sources}{size}."
    return f"{told}{_SHAPES[facts.rows]}\n"


def _notes(facts: CardFacts) -> str:
    notes = []
    if facts.limit is not None:
        rows = "row" if facts.limit == 1 else f"{facts.limit:,} rows"
        notes.append(
            f"**A trial run, not the whole data set**: only the first {rows} of each source were read."
        )
    notes += [
        f"**Shortfall**: source {plain(source.name)} had {source.shortfall:,} fewer {facts.shares} "
        "than the recipe requests."
        for source in facts.sources
        if source.shortfall
    ]
    notes += [f"**Warning**: {plain(warning)}" for warning in facts.warnings]
    return "".join(f"> {note}\n>\n" for note in notes).removesuffix(">\n")


def _sources(facts: CardFacts) -> str:
    rows = [
        [source.name, _origin(source), source.licence or "not stated"]
        + [f"{n:,}" for n in (source.rows_read, source.rows_kept, source.rows_written)]
        for source in facts.sources
    ]
    told = "Kept counts distinct rows; written counts the rows of all splits, repeats included."
    return f"## Sources\n\n{told}\n\n" + table(
        ["source", "from", "licence", "read", "kept", "written"], rows, numbers=3
    )


def _origin(source: SourceFacts) -> str:
    return f"{source.from_ or ''}{f' @ {source.revision}' if source.revision else ''}"


_WHERE = {
    "removed": ("removed", "`removed/`"),
    "duplicate": ("duplicates", "`removed/`"),
    "quarantined": ("not readable, or not a valid record", "`quarantine/`"),
    "not-sampled": ("valid, but more than the recipe requests", "their source"),
}


def _dropped(facts: CardFacts) -> str:
    if not facts.left_out:
        return "## Rows left out\n\nNone.\n"
    rows = [[step, _WHERE[fate][0], f"{n:,}", _WHERE[fate][1]] for step, fate, n in facts.left_out]
    lines = [f"| {plain(step)} | {what} | {n} | {where} |" for step, what, n, where in rows]
    head = "| step | what | rows | where they are |\n|---|---|---:|---|"
    return f"## Rows left out\n\n{head}\n" + "\n".join(lines) + "\n"


def _use(facts: CardFacts) -> str:
    first = facts.splits[0].name if facts.splits else "train"
    variable = re.sub(r"\W", "_", first)
    names = [name for name in _named(facts) if "default" not in _named(facts)]
    which = "".join(f', "{name}"' for name in names[:1])
    loads = [f'{variable} = load_dataset("path/to/this/folder"{which}, split="{first}")']
    if _has_removed(facts):
        named = '"path/to/this/folder", "removed", split="removed"'
        if not _in_parquet(facts):
            named = '"parquet", data_files="path/to/this/folder/removed/*.parquet", split="train"'
        loads.append(f"removed = load_dataset({named})  # with step and reason")
    return (
        "## How to load\n\n"
        + _code("python", "from datasets import load_dataset", "", *loads)
        + "\n## How to audit\n\n`audit.duckdb` says what became of every row that was read, and why; "
        "`report.html` shows it in a browser.\n\n"
        + _code(
            "console",
            "$ curate sql path/to/this/folder funnel",
            f"$ curate why path/to/this/folder {_an_id(facts)}",
        )
        + _rebuild(facts)
    )


def _rebuild(facts: CardFacts) -> str:
    digest = f" (sha256 `{facts.lock_digest}`)" if facts.lock_digest else ""
    return (
        f"\n## How to rebuild\n\n`recipe.lock.json`{digest} names the revision or the digest of every input "
        "and the digest of every file of rows. The same inputs give the same bytes; anything else is refused.\n\n"
        + _code("console", f"$ {REBUILD}")
    )


def _code(language: str, *lines: str) -> str:
    return "\n".join([f"```{language}", *lines, "```"]) + "\n"


def _an_id(facts: CardFacts) -> str:
    name = f"{facts.sources[0].name if facts.sources else 'source'}/0"
    return name if re.fullmatch(r"[\w./-]+", name) else "SOURCE/ROW"


def _bytes(n: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n >= size:
            return f"{n / size:.1f} {unit}"
    return f"{n} bytes"
