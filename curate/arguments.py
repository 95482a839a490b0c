"""Arguments and options that several verbs of the command line take."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from curate.errors import UserError

# Headings under which `curate VERB --help` lists options.
RUN = "How it runs"
SUITE = "What is looked for"
READ = "How the data is read"
ASKED = "What may be asked"
WRITTEN = "How rows are written"

Out = Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="The new folder to write.")]
OutUnlessDry = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="OUT", help="The new folder to write."),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        metavar="",
        help="Write nothing: say what each step would take, as curate plan --measure does.",
        rich_help_panel=RUN,
    ),
]
RecipePath = Annotated[Path, typer.Argument(metavar="RECIPE", help="The recipe's YAML file.")]
Folder = Annotated[Path, typer.Argument(metavar="OUT", help="The folder of a finished build.")]
Json = Annotated[
    bool,
    typer.Option(
        "--json", metavar="", help="Print one JSON object instead of tables.", rich_help_panel=RUN
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Read only the first N rows of each source, for a trial run.",
        rich_help_panel=RUN,
    ),
]
Locked = Annotated[
    Path | None,
    typer.Option(
        metavar="LOCK",
        help="A lock file, or a built folder, that this build must reproduce byte for byte.",
        rich_help_panel=RUN,
    ),
]
Stages = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Where intermediate results are kept, so that a killed or changed build can continue; "
        "in the user's cache by default.",
        rich_help_panel=RUN,
    ),
]
StagesDir = Annotated[
    Path | None,
    typer.Option(
        "--stages", metavar="DIR", help="The folder they are in; in the user's cache by default."
    ),
]
NoStages = Annotated[
    bool,
    typer.Option(
        "--no-stages",
        metavar="",
        help="Keep no intermediate results for the next build.",
        rich_help_panel=RUN,
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        metavar="",
        help="Replace OUT, if a build or a training run of curate wrote it.",
        rich_help_panel=RUN,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Number of threads; all cores by default. The result does not depend on it.",
        rich_help_panel=RUN,
    ),
]
Ray = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="A Ray cluster that does the work in place of threads, or local to start one here.",
        rich_help_panel=RUN,
    ),
]
SourcesDir = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Read DIR/org/name.* or DIR/org/name/ where the recipe names org/name on the Hub.",
        rich_help_panel=READ,
    ),
]
BenchmarksDir = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Take a benchmark's items from DIR/<name>.* or DIR/<name>/ if there is one.",
        rich_help_panel=SUITE,
    ),
]
Without = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Leave out a benchmark. May be repeated.",
        rich_help_panel=SUITE,
    ),
]
MaxRate = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        metavar="SHARE",
        help="Exit with code 3 if a source hits more than this share of a benchmark, such as 0.02.",
        rich_help_panel=SUITE,
    ),
]
SelfTest = Annotated[
    bool,
    typer.Option(
        "--self-test",
        metavar="",
        help="Plant changed copies of benchmark items in a sample of the text, and report how many "
        "are found.",
        rich_help_panel=RUN,
    ),
]
Verdicts = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A file written by curate review; the build follows its verdicts.",
        rich_help_panel=SUITE,
    ),
]
Debug = Annotated[bool, typer.Option("--debug", metavar="", help="Show the traceback of an error.")]
Data = Annotated[
    list[str], typer.Argument(metavar="DATA...", help="Files, globs, folders or Hub ids.")
]
Suite = Annotated[
    str | None,
    typer.Option(
        metavar="SUITE",
        help="A shipped suite (curate suites lists them), a suite file, or a data file of your own. "
        "Needed unless --against is given.",
    ),
]
Against = Annotated[
    list[str] | None,
    typer.Option(
        metavar="DATA",
        help="A data set whose rows must not occur in DATA either, such as a test split. May be "
        "repeated.",
    ),
]
ProfileName = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Which matchers run, and their settings: default, tulu3 (the paper's rule) or olmo3.",
        rich_help_panel=SUITE,
    ),
]
LikeInput = Annotated[
    bool,
    typer.Option(
        "--like-input",
        metavar="",
        help="Copy the lines of text files unchanged, into one file for each input.",
        rich_help_panel=WRITTEN,
    ),
]
AsRecords = Annotated[
    bool,
    typer.Option(
        "--records",
        metavar="",
        help="Write only the columns that trainers read, as curate build does.",
        rich_help_panel=WRITTEN,
    ),
]
MatcherNames = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME[=VALUE]",
        help="Turn on a matcher that the profile does not run: exact, minhash, robust or semantic. "
        "exact=false turns one off; 'ngram={n: 13}' changes its settings. May be repeated.",
        rich_help_panel=SUITE,
    ),
]
Normalise = Annotated[
    bool | None,
    typer.Option(
        help="Compare texts without what makes no difference to a reader (accents, invisible "
        "characters, HTML, look-alike letters); by default as the profile does.",
        rich_help_panel=SUITE,
    ),
]
BenchmarkFields = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FIELD",
        help="The column of SUITE that holds the question, if SUITE is a data file. Detected by "
        "default. May be repeated.",
        rich_help_panel=SUITE,
    ),
]
PolicyName = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="What is removed: nothing (report), the rows that match (drop-rows), whole sources above "
        "2 % of a benchmark (drop-source), or what the Tülu 3 paper removed (tulu3).",
        rich_help_panel=SUITE,
    ),
]
Kind = Annotated[
    str | None,
    typer.Option(
        metavar="KIND",
        help="What a row is: prompt, sft, preference, unpaired or rlvr. Detected by default.",
        rich_help_panel=READ,
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="messages, sharegpt, alpaca, gsm8k, preference, unpaired, tulu3-rlvr, verl or text; or "
        "which column holds what: '{prompt: question, response: answer}'. Detected by default.",
        rich_help_panel=READ,
    ),
]
Split = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The split to read of Hub ids, folders and globs; train by default.",
        rich_help_panel=READ,
    ),
]
Roles = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ROLE",
        help="Whose turns are scanned: user (the default), assistant or another role. May be repeated.",
        rich_help_panel=SUITE,
    ),
]


MaxCost = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="DOLLARS",
        help="Stop before answers cost more than this.",
        rich_help_panel=ASKED,
    ),
]
MaxRequests = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Stop after so many requests.", rich_help_panel=ASKED),
]
StoreDir = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="DIR",
        help="Where answers are kept; in the user's cache by default.",
        rich_help_panel=ASKED,
    ),
]


def as_format(text: str) -> str | dict[str, Any]:
    """The name of a format, or the mapping that is written out; raises UserError for anything else."""
    if not text.lstrip().startswith("{"):
        return text
    from curate.config import yaml_value  # a tenth of a second that --help need not pay

    found = yaml_value("--format", text)
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise UserError(f"--format: {text!r} is neither a name nor a mapping of fields to columns")
    return found


def matcher_setting(text: str) -> tuple[str, Any]:
    """A matcher's name and what it is set to: true where only the name is given."""
    from curate.config import yaml_value

    name, equals, value = text.partition("=")
    return name, yaml_value("--matcher", value) if equals else True


def own_rows(like_input: bool, records: bool) -> dict[str, Any]:
    """How rows are written that nobody mixes: in the order of their source."""
    if like_input and records:
        raise UserError("--like-input and --records are two shapes of the output; give one of them")
    return {"order": "source", "rows": "lines" if like_input else "records" if records else "input"}


def run_options(
    overwrite: Overwrite = False,
    limit: Limit = None,
    locked: Locked = None,
    workers: Workers = None,
    ray: Ray = None,
    stages: Stages = None,
    no_stages: NoStages = False,
) -> dict[str, Any]:
    """How a build is run, by the names of `curate.mixture.Options`."""
    kept = {"stages": None} if no_stages else {"stages": stages} if stages else {}
    cores = workers or os.cpu_count() or 1
    given = {"overwrite": overwrite, "limit": limit, "locked": locked, "workers": cores}
    return given | {"ray": ray} | kept


def looked_for(
    suite: Suite = None,
    benchmark_field: BenchmarkFields = None,
    against: Against = None,
    profile: ProfileName = "default",
    matcher: MatcherNames = None,
    normalise: Normalise = None,
    role: Roles = None,
    benchmarks_dir: BenchmarksDir = None,
    without: Without = None,
    fail_over: MaxRate = None,
    verdicts: Verdicts = None,
    self_test: SelfTest = False,
) -> dict[str, Any]:
    """What is looked for, by the keys of the step `decontaminate`."""
    return {
        "suite": suite,
        "against": tuple(against or ()),
        "profile": profile,
        "matchers": dict(map(matcher_setting, matcher or ())),
        "normalise": normalise,
        "verdicts": None if verdicts is None else str(verdicts),
        "roles": tuple(role or ["user"]),
        "benchmark_fields": tuple(benchmark_field or ()),
        "without": tuple(without or ()),
        "benchmarks_dir": None if benchmarks_dir is None else str(benchmarks_dir),
        "fail_over": fail_over,
        "self_test": self_test,
    }


Verb = Callable[..., None]


def _takes(argument: str, shared: Callable[..., dict[str, Any]]) -> Callable[[Verb], Verb]:
    """Let a verb take options that it shares with others: in place of its `argument`, which is what
    `shared` makes of them.
    """

    def decorate(verb: Verb) -> Verb:
        own, theirs = (signature(one, eval_str=True).parameters for one in (verb, shared))

        @wraps(verb)
        def called(**given: Any) -> None:
            made = shared(**{name: given.pop(name) for name in theirs})
            verb(**given, **{argument: made})

        keyword = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in theirs.values()]
        parts = [keyword if name == argument else [one] for name, one in own.items()]
        vars(called)["__signature__"] = Signature(list(chain(*parts)))
        return called

    return decorate


runs = _takes("options", run_options)
"""For verbs that build: they take the options of a build."""
looks = _takes("spec", looked_for)
"""For verbs that look for benchmark items: they take what is looked for."""
