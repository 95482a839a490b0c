"""The documentation says what is so: keys and defaults, examples, command lines, figures, links."""

from __future__ import annotations

import contextlib
import doctest
import inspect
import json
import re
import types
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

import pyarrow as pa
import pytest
import yaml
from curate_train.config import DpoConfig, Lora, RlvrConfig, SftConfig, TrainConfig, Vllm
from pydantic import BaseModel

import curate
from curate.check import FINDINGS
from curate.engines import OUTCOMES as ENDS
from curate.engines.spec import OpenAI, Transformers
from curate.engines.spec import Vllm as VllmEngine
from curate.evaluation.spec import TaskFile
from curate.formats import FORMATS, check_format, detect, parse
from curate.formats.kinds import guess_kind
from curate.make.augment import Spec as AugmentSpec
from curate.make.maker import MakerSpec
from curate.make.measure import Spec as MeasureSpec
from curate.make.prefer.spec import Entry, Judge, Pairs, Prompts, Turns
from curate.make.prefer.spec import Spec as Prefer
from curate.make.respond import Spec as RespondSpec
from curate.make.synthesize.domain import Domain, Question
from curate.make.synthesize.parse import Parse
from curate.make.synthesize.personas import PersonaSpec
from curate.make.synthesize.spec import Spec as SynthesizeSpec
from curate.matching.profile import PROFILES, with_matchers
from curate.recipe import OutputSpec, Recipe, SourceSpec, recipe_model
from curate.records import KINDS, body_schema
from curate.shipped import suite as shipped_suite
from curate.shipped import suites as shipped_suites
from curate.sources import open_source
from curate.steps.decontaminate.spec import DecontaminateSpec
from curate.steps.dedup.spec import DedupSpec
from curate.steps.gates.spec import GatesSpec
from curate.suites import Benchmark, SuiteFile
from curate.verify import ALIASES, VERIFIERS, load
from curate.verify.pool import OUTCOMES
from curate.verify.rates import rates
from tests import published
from tests.command import ROOT, call
from tests.corpus import ids, write_lines
from tests.pages import PAGES, Fence, fences, rows, section

MODELS: dict[str, dict[str, type[BaseModel]]] = {
    "recipes.md": {
        "Of the recipe": Recipe,
        "Of a source": SourceSpec,
        "Of `dedup`": DedupSpec,
        "Of `decontaminate`": DecontaminateSpec,
        "Of `output`": OutputSpec,
    },
    "engines.md": {
        "Of kind `openai`": OpenAI,
        "Of kind `transformers`": Transformers,
        "Of kind `vllm`": VllmEngine,
    },
    "evaluation.md": {"Tasks of your own": TaskFile},
    "pass-rates.md": {"In a recipe": MeasureSpec},
    "synthesis.md": {
        "Of every maker": MakerSpec,
        "Of `synthesize`": SynthesizeSpec,
        "Of `personas`": PersonaSpec,
        "Of a domain": Domain,
        "Of a question": Question,
        "Of `parse`": Parse,
        "Of `respond`": RespondSpec,
        "Prompts with constraints": AugmentSpec,
        "Of `gates`": GatesSpec,
    },
    "preferences.md": {
        "Of `prefer`": Prefer,
        "Of `prompts`": Prompts,
        "Of `turns`": Turns,
        "Of `pool`": Entry,
        "Of `judges`": Judge,
        "Of `pairs`": Pairs,
    },
    "suites.md": {"Keys of the file": SuiteFile, "Keys of a benchmark": Benchmark},
    "training.md": {
        "Of every stage": TrainConfig,
        "Of `sft`": SftConfig,
        "Of `dpo`": DpoConfig,
        "Of `rlvr`": RlvrConfig,
        "Of `lora`": Lora,
        "Of `vllm`": Vllm,
    },
}


def default_of(model: type[BaseModel], name: str) -> str:
    field = model.model_fields[name]
    if field.is_required():
        return "required"
    if isinstance(field.default, BaseModel):
        return "its own defaults"
    if isinstance(field.default, tuple):
        return f"`[{', '.join(map(str, field.default))}]`"
    default = field.get_default(call_default_factory=True)
    if default is None or isinstance(default, bool):
        return f"`{json.dumps(default)}`"
    return f"`{default}`"


def sort_of(annotation: Any) -> str:
    """The first word of a type as the tables have it."""
    if get_origin(annotation) is Annotated:
        return sort_of(get_args(annotation)[0])
    inner = [one for one in get_args(annotation) if one is not type(None)]
    if get_origin(annotation) in (Union, types.UnionType):
        return sort_of(inner[0])
    if get_origin(annotation) is tuple:
        return "list"
    if get_origin(annotation) is dict:
        return "mapping"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "mapping"
    names: dict[Any, str] = {str: "text", int: "whole", float: "number"}
    return names.get(annotation, "`")


@pytest.mark.parametrize(
    ("page", "title"), [(page, title) for page, tables in MODELS.items() for title in tables]
)
def test_every_key_is_documented_with_its_type_and_default(page: str, title: str) -> None:
    model = MODELS[page][title]
    told = {cells[0]: cells[1:] for cells in rows(section(page, title))}
    # Of a configuration that adds to another one: what it adds or changes.
    own = model.model_fields if model is SourceSpec else inspect.get_annotations(model)
    own = {name: value for name, value in own.items() if name in model.model_fields}
    names = {f"`{model.model_fields[name].alias or name}`": name for name in own}
    assert list(told) == list(names)
    for shown, name in names.items():
        kind, default, meaning = told[shown]
        assert default == default_of(model, name), shown
        assert kind.startswith(sort_of(model.model_fields[name].annotation)), shown
        assert meaning.endswith("."), shown


@pytest.mark.parametrize("fence", fences("yaml"), ids=str)
def test_every_yaml_example_is_a_recipe_or_a_suite(fence: Fence) -> None:
    data = yaml.safe_load(fence.text)
    if "benchmarks" in data:
        SuiteFile.model_validate(data)
        return
    if "learning_rate" in data:
        SftConfig.model_validate(data)
        return
    # A part of a recipe shows the keys it is about.
    recipe = recipe_model(data).model_validate({"name": "part", "kind": "sft"} | data)
    for source in recipe.sources:
        if source.format is not None:
            check_format(source.format, recipe.kind, source.keep)


def test_every_format_is_documented_and_its_example_is_read_by_it(tmp_path: Path) -> None:
    for name, form in FORMATS.items():
        text = section("recipes.md", f"`{name}`")
        assert set(re.findall(r"`(\w+)`", text.split(".", 1)[0])) == set(form.kinds), name
        (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
        (tmp_path / "rows.jsonl").write_text(example, "utf-8")
        block = next(open_source(name, "rows.jsonl", base=tmp_path).blocks())
        kind = guess_kind(block)
        assert detect(block, kind) == name
        for kind in form.kinds:
            parsed = parse(block, name, kind)
            assert (parsed.records.num_rows, parsed.quarantine) == (1, []), (name, kind)


def test_the_example_of_a_mapping_is_read_by_it(tmp_path: Path) -> None:
    text = section("recipes.md", "Columns of your own")
    spec, row = (
        re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)[0] for language in ("yaml", "json")
    )
    source = yaml.safe_load(spec)["sources"][0]
    (tmp_path / source["from"]).write_text(row, "utf-8")
    block = next(open_source("sums", source["from"], base=tmp_path).blocks())
    (record,) = parse(block, source["format"], "rlvr").records.to_pylist()
    assert (record["verifier"], record["ground_truth"]) == ("math", "4")
    for kind, needed, optional in rows(text):
        for key in re.findall(r"`(\w+)`", needed + optional):
            both = {
                "prompt": "a",
                "response": "a",
                "chosen": "a",
                "rejected": "a",
                "completion": "a",
                "label": "a",
                "verifier": "a",
                "ground_truth": "a",
            }
            base = {key: "a"} | ({} if key == "messages" else both)
            known = {name: "a" for name in base if f"`{name}`" in needed + optional}
            if key == "messages":
                known |= {name: "a" for name in ("verifier", "ground_truth") if kind == "`rlvr`"}
            check_format(known, kind.strip("`"))


def test_the_columns_of_every_kind_are_documented() -> None:
    told = {
        cells[0].strip("`"): re.findall(r"`(\w+)`", cells[1])
        for cells in rows(section("recipes.md", "Kinds and their columns"))
    }
    assert told == {kind: body_schema(kind).names for kind in KINDS}


def test_the_worked_example_of_sampling(tmp_path: Path) -> None:
    text = section("recipes.md", "Sampling")
    (tmp_path / "r.yaml").write_text(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0], "utf-8")
    for name in "abc":
        write_lines(
            tmp_path / f"{name}.jsonl",
            [{"question": f"{name} {n}?", "answer": f"{n}"} for n in range(10)],
        )
    done = call("build", "r.yaml", "-o", "out", "--json", cwd=tmp_path)
    sources = json.loads(done.out)["sources"]
    for name, *figures in rows(text):
        counts = sources[name]
        train = counts["written"] - counts["validation"]
        assert [
            counts["read"],
            counts["not_sampled"],
            counts["kept"],
            train,
            counts["validation"],
        ] == [int(figure) for figure in figures]
    assert {"a/0", "a/0#2"} <= set(ids(tmp_path / "out", "data/train*"))


def test_the_small_mixtures_are_as_documented(tmp_path: Path) -> None:
    told = {
        cells[0].strip("`"): cells[1:3]
        for cells in rows(section("recipes.md", "Small mixtures to train on"))
    }
    folder = ROOT / "mixtures/quickstart"
    assert sorted(told) == sorted(path.name for path in folder.glob("laptop-*.yaml"))
    for name, (kind, count) in told.items():
        done = call("build", folder / name, "-o", name, "--json", cwd=tmp_path)
        written = sum(source["written"] for source in json.loads(done.out)["sources"].values())
        recipe = yaml.safe_load((folder / name).read_text("utf-8"))
        assert (kind, count) == (f"`{recipe['kind']}`", str(written))


@pytest.mark.parametrize("name", shipped_suites())
def test_every_shipped_suite_is_documented(name: str) -> None:
    told = rows(section("suites.md", f"The shipped suite `{name}`"))
    read = SuiteFile.model_validate(yaml.safe_load(shipped_suite(name).read_text("utf-8")))
    for cells, benchmark in zip(told, read.benchmarks, strict=True):
        path, _, subset = benchmark.from_.partition(":")
        fields = ", ".join(
            f"`{name}`" + ("?" if name in benchmark.optional else "") for name in benchmark.fields
        )
        wanted = [
            f"`{benchmark.name}`", path, "`*`" if subset == "*" else subset, benchmark.split, fields, benchmark.cap,
            benchmark.role, benchmark.licence, benchmark.items,
        ]  # fmt: skip
        assert cells == [str(value or "–") for value in wanted]


def test_every_verifier_is_documented_in_its_own_words() -> None:
    for name in VERIFIERS:
        text = " ".join(section("verifiers.md", f"`{name}`").split())
        assert text.startswith(load(name).summary), name


def test_the_rates_of_the_verifiers_are_those_that_ship() -> None:
    columns = ("right", "false_rejects", "wrong", "false_accepts")
    told = {
        cells[0].strip("`"): cells[1:]
        for cells in rows(section("verifiers.md", "How often they are wrong"))
    }
    assert told == {
        name: [f"{figures[column]:,}" for column in columns] for name, figures in rates().items()
    }


def test_outcomes_aliases_and_findings_are_documented() -> None:
    def told(title: str) -> dict[str, str]:
        return {cells[0].strip("`"): cells[1] for cells in rows(section("verifiers.md", title))}

    assert set(told("Many rows at once")) == set(OUTCOMES)
    assert {
        name: verifier.strip("`") for name, verifier in told("Names in published data sets").items()
    } == ALIASES
    assert told("Checking a data set") == {
        name: f"{text[0].upper()}{text[1:]}." for name, text in FINDINGS.items()
    }


def test_the_outcomes_of_requests_are_documented() -> None:
    told = [cells[0].strip("`") for cells in rows(section("engines.md", "Requests and answers"))]
    assert tuple(told) == ENDS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_examples_in_python_give_what_they_say(page: Path, tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        text = "\n".join(
            fence.text
            for fence in fences("python")
            if fence.page == page.name and ">>>" in fence.text
        )
        test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
        assert doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test).failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        name, _, place = target.partition("#")
        there = page.parent / name if name else page
        assert there.exists(), target
        titles = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.MULTILINE) if place else []
        anchors = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
        assert not place or place in anchors, target


def test_the_table_of_rooms_names_every_file() -> None:
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    rooms: dict[str, set[str]] = {}
    for left, right in re.findall(r"^\| (`.*?) \| (.*) \|$", page, re.MULTILINE):
        for room in re.findall(r"`([\w/.]+)`", left):
            path = ROOT / room if (ROOT / room).exists() else ROOT / "curate" / room
            rooms[path.relative_to(ROOT).as_posix()] = set(re.findall(r"`([\w*]+)/?`", right))
    parts = [p for p in (ROOT / "curate").iterdir() if p.suffix == ".py" or any(p.glob("*.py"))]
    unnamed = {path.relative_to(ROOT).as_posix() for path in parts} - rooms.keys()
    assert unnamed == {"curate/__init__.py", "curate/__main__.py"}
    for room in rooms.keys() - {"tests"}:
        files = {path.stem for path in (ROOT / room).glob("*.py")} - {"__init__"}
        missing = {file for file in files if not any(fnmatch(file, name) for name in rooms[room])}
        assert not missing, room


def test_the_table_of_the_self_test_is_what_it_prints(tmp_path: Path) -> None:
    text = section("decontamination.md", "What these settings would miss: `--self-test`")
    folder = ROOT / "mixtures/quickstart"
    call_ = (
        "decontaminate",
        folder / "data/chats.jsonl",
        "--suite",
        folder / "benchmark.jsonl",
        "--self-test",
    )
    done = call(*call_, "--json", "-o", "out", cwd=tmp_path)
    assert [row for row in rows(text) if len(row) > 2] == [
        [
            line["mutation"], str(line["planted"]), str(line["found"]), f"{100 * line['recall']:.1f}",
            f"{100 * line['low']:.1f} to {100 * line['high']:.1f}", str(line["noticed"]),
        ]
        for line in json.loads(done.out)["steps"]["decontaminate"]["self_test"]
    ]  # fmt: skip


def test_every_number_of_every_profile_is_documented() -> None:
    told: dict[str, dict[str, dict[str, Any]]] = {}
    name = ""
    for shown, matcher, numbers in rows(
        section("decontamination.md", "Profiles and their numbers")
    ):
        name = shown.strip("`") or name
        told.setdefault(name, {})[matcher.strip("`")] = {
            key: value
            for part in re.findall(r"`(\w+: [^`]+)`", numbers)
            for key, value in yaml.safe_load(part).items()
        }
    olmo3 = PROFILES["olmo3"].matchers()
    assert 0.4999 < olmo3["ngram"].pop("threshold") < 0.5
    assert told.pop("olmo3") == olmo3
    others = with_matchers(PROFILES["tulu3"], {"minhash": True, "semantic": True}).matchers()
    assert told.pop("none") == {
        "minhash": others["minhash"],
        "semantic": others["semantic"] | {"cache": None},
    }
    assert told == {one: PROFILES[one].matchers() for one in ("tulu3", "default")}


def pairs() -> list[Fence]:
    return [fence for fence in fences("text") if fence.text.startswith("item ")]


@pytest.mark.parametrize("fence", pairs(), ids=str)
def test_the_two_figures_of_every_pair_of_texts(fence: Fence, tmp_path: Path) -> None:
    lines = [line.split(maxsplit=1) for line in fence.text.splitlines()]
    told = {key: value for key, value in lines if key in ("published", "curate")}
    (item,) = [value for key, value in lines if key == "item"]
    turns = [value for key, value in lines if key == "turn"]
    assert told == {
        "published": shown(published.score([item], turns)),
        "curate": shown(score(item, turns, tmp_path)),
    }


def score(item: str, turns: list[str], folder: Path) -> float:
    write_lines(folder / "items.jsonl", [{"question": item}])
    messages = [
        {"role": role, "content": text}
        for turn in turns
        for role, text in (("user", turn), ("assistant", "Yes."))
    ]
    found = curate.decontaminate(
        pa.table({"messages": [messages]}),
        suite=folder / "items.jsonl",
        profile="tulu3",
        policy="report",
    )
    return max(found.matches["score"].to_pylist(), default=0.0)


def shown(value: float) -> str:
    return f"{value:.2f} {'hit' if value > 0.5 else 'no hit'}"


def test_no_number_of_records_is_too_large_to_be_removed(tmp_path: Path) -> None:
    item = "Which of these seven old trees behind the mill is the oldest one of all?"
    write_lines(tmp_path / "items.jsonl", [{"question": item}])
    data = pa.table({"prompt": [item] * 150, "response": ["Elm."] * 150})
    assert curate.decontaminate(data, suite=tmp_path / "items.jsonl").dropped.num_rows == 150


def test_an_item_with_a_missing_field_stays_in_the_denominator(tmp_path: Path) -> None:
    passage = "Seven old trees grow behind the mill, and the miller's daughter named every one."
    question = "Which of them is the oldest one of all, and who planted it there?"
    write_lines(
        tmp_path / "trees.jsonl",
        [{"passage": passage, "question": question}, {"question": "Why so?"}],
    )
    spec = {
        "name": "trees",
        "from": "trees.jsonl",
        "fields": ["passage", "question"],
        "optional": ["passage"],
    }
    (tmp_path / "suite.yaml").write_text(yaml.safe_dump({"benchmarks": [spec]}), "utf-8")
    data = pa.table({"prompt": [f"{passage}\n{question}"], "response": ["Elm."]})
    (cell,) = curate.decontaminate(data, suite=tmp_path / "suite.yaml").overlaps["data"]
    assert (cell.hit, cell.benchmark.n_items) == (1, 2)
