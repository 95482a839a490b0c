"""`curate.decontaminate` on data at hand: every shape of input gives the same answer, and mistakes
are named.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import pandas
import polars
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given

import curate
from curate import UserError
from curate.steps.decontaminate import at_hand
from curate.steps.decontaminate.in_memory import Decontaminated, decontaminate
from tests.matching import oracle
from tests.matching.samples import Item, Record, samples
from tests.soak import examples

LEAK = "A farmer has twelve cows and sells five of them; how many cows are left?"
OTHER = "Name three rivers that flow through the capital of a country in Europe."
ROWS = [
    {
        "question": "How do I bake bread without an oven in my kitchen at home?",
        "answer": "In a pot.",
    },
    {"question": f"Please help. {LEAK.upper()} Thanks!", "answer": "7"},
    {
        "question": "Write a poem about the sea and the wind in late autumn.",
        "answer": "The sea ...",
    },
    {"question": LEAK.replace("are left", "does he keep"), "answer": "7"},
]


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    return write(tmp_path / "evals.jsonl", [{"question": OTHER}, {"question": LEAK}])


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def as_path(folder: Path) -> Any:
    return write(folder / "data.jsonl", ROWS)


def as_text(folder: Path) -> Any:
    return str(as_path(folder))


def as_list(folder: Path) -> Any:
    return [as_path(folder)]


def as_dataset(folder: Path) -> Any:
    return datasets.Dataset.from_list(ROWS)


def as_table(folder: Path) -> Any:
    return pa.Table.from_pylist(ROWS)


def as_polars(folder: Path) -> Any:
    return polars.DataFrame(ROWS)


def as_lazy_polars(folder: Path) -> Any:
    return polars.LazyFrame(ROWS)


def as_pandas(folder: Path) -> Any:
    return pandas.DataFrame(ROWS, index=[7, 3, 5, 1])


def as_rows(folder: Path) -> Any:
    return [dict(reversed(row.items())) for row in ROWS]


def as_batches(folder: Path) -> Any:
    return pa.RecordBatchReader.from_batches(
        as_table(folder).schema, as_table(folder).to_batches(max_chunksize=1)
    )


SHAPES = [
    as_path,
    as_text,
    as_list,
    as_dataset,
    as_table,
    as_polars,
    as_lazy_polars,
    as_pandas,
    as_rows,
    as_batches,
]


def texts(table: pa.Table, column: str = "messages") -> list[str]:
    return [row[column][0]["content"] for row in table.to_pylist()]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_input_gives_the_same_answer(
    shape: Callable[[Path], Any], tmp_path: Path, suite: Path
) -> None:
    result = decontaminate(shape(tmp_path), suite=suite)
    assert texts(result.kept) == [ROWS[0]["question"], ROWS[2]["question"]]
    assert result.kept["id"].to_pylist() == ["data/0", "data/2"]
    assert result.dropped.select(["id", "source", "reason"]).to_pylist() == [
        {"id": "data/1", "source": "data", "reason": "covers 100.0 % of evals/1"},
        {"id": "data/3", "source": "data", "reason": "covers 86.7 % of evals/1"},
    ]
    assert result.kept_rows["data"].tolist() == [0, 2]
    assert [(cell.benchmark.name, cell.hit, cell.rate) for cell in result.overlaps["data"]] == [
        ("evals", 1, 0.5)
    ]
    assert result.quarantine == []


def test_the_function_is_the_one_of_the_package() -> None:
    assert curate.decontaminate is decontaminate


def test_matches_show_the_text_on_both_sides(suite: Path) -> None:
    result = decontaminate(pa.Table.from_pylist(ROWS), suite=suite, profile="tulu3")
    first, second = result.matches.to_pylist()
    assert (first["doc_id"], first["instance_id"], first["score"], first["hit"]) == (
        "data/1",
        "evals/1",
        1.0,
        True,
    )
    (span,) = first["doc_spans"]
    assert ROWS[1]["question"][span["start"] : span["stop"]] == LEAK.upper().removesuffix("?")
    (span,) = second["item_spans"]
    assert LEAK[span["start"] : span["stop"]] == LEAK.removesuffix(" are left?")


def test_kept_rows_select_what_stays_of_a_data_set_in_any_order(suite: Path) -> None:
    dataset = datasets.Dataset.from_list(ROWS * 5).shuffle(seed=3)
    result = decontaminate(dataset, suite=suite)
    clean = dataset.select(result.kept_rows["data"])
    assert len(clean) == 10
    assert clean["question"] == texts(result.kept)
    assert {row["question"] for row in clean} == {ROWS[0]["question"], ROWS[2]["question"]}


def test_many_blocks_give_the_same_answer_as_one(
    suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pa.Table.from_pylist(ROWS * 7)
    whole = decontaminate(table, suite=suite)
    monkeypatch.setattr(at_hand, "_ROWS_A_BLOCK", 3)
    cut = decontaminate(table, suite=suite)
    assert cut.kept.equals(whole.kept)
    assert cut.dropped.equals(whole.dropped)
    assert cut.matches.equals(whole.matches)
    assert cut.kept_rows["data"].tolist() == whole.kept_rows["data"].tolist()


def test_quarantined_rows_keep_the_positions_of_the_others(suite: Path) -> None:
    rows = [{"question": "", "answer": ""}, *ROWS, {"question": "So?", "answer": None}]
    result = decontaminate(pa.Table.from_pylist(rows), suite=suite, kind="sft")
    assert [bad.row for bad in result.quarantine] == [0, 5]
    assert result.kept_rows["data"].tolist() == [1, 3]
    assert result.kept["id"].to_pylist() == ["data/1", "data/3"]
    assert result.dropped["id"].to_pylist() == ["data/2", "data/4"]


def test_sources_are_decided_one_by_one(tmp_path: Path, suite: Path) -> None:
    clean, dirty = (
        write(tmp_path / "clean.jsonl", ROWS[:1]),
        write(tmp_path / "dirty.jsonl", ROWS[:2]),
    )
    result = decontaminate([clean, dirty], suite=suite, policy="drop-source")
    assert result.kept["id"].to_pylist() == ["clean/0"]
    assert result.dropped["id"].to_pylist() == ["dirty/0", "dirty/1"]
    assert {name: rows.tolist() for name, rows in result.kept_rows.items()} == {
        "clean": [0],
        "dirty": [],
    }
    assert result.overlaps["clean"][0].hit == 0


def test_report_keeps_everything_and_still_says_what_was_found(suite: Path) -> None:
    result = decontaminate(
        pa.Table.from_pylist(ROWS), suite=suite, policy="report", profile="tulu3"
    )
    assert (result.kept.num_rows, result.dropped.num_rows, result.matches.num_rows) == (4, 0, 2)


def test_only_the_turns_of_the_chosen_roles_are_scanned(suite: Path) -> None:
    table = pa.Table.from_pylist([{"question": "Tell me a riddle.", "answer": LEAK}])
    assert decontaminate(table, suite=suite).kept.num_rows == 1
    assert decontaminate(table, suite=suite, roles=["user", "assistant"]).kept.num_rows == 0


def test_a_column_mapping_and_a_kind_can_be_given(suite: Path) -> None:
    table = pa.Table.from_pylist([{"q": LEAK, "a": "7", "c": OTHER}])
    dropped = decontaminate(table, suite=suite, format={"prompt": "c"}, kind="prompt").dropped
    assert texts(dropped, "prompt") == [OTHER]


@examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sample=samples())
def test_rows_go_iff_the_oracle_says_that_they_hit_an_item(
    sample: tuple[list[Record], list[Item]], tmp_path: Path
) -> None:
    records, items = sample
    records = [[turn + " end" for turn in record] for record in records]
    items = [[field] for item in items for field in item if field.strip()] or [["x"]]
    suite = write(tmp_path / "s.jsonl", [{"question": item[0]} for item in items])
    rows = [
        {"messages": [{"role": "user", "content": turn} for turn in record]} for record in records
    ]
    result = decontaminate(
        pa.Table.from_pylist(rows), suite=suite, kind="prompt", format="messages", profile="tulu3"
    )
    clean = [
        i
        for i, record in enumerate(records)
        if all(oracle.score(item, record, 8) <= 0.5 for item in items)
    ]
    assert result.kept_rows["data"].tolist() == clean
    hit = {
        place
        for place, item in enumerate(items)
        for record in records
        if oracle.score(item, record, 8) > 0.5
    }
    assert result.overlaps["data"][0].hit == len(hit)


# ---- mistakes


def refused(data: Any, suite: Path | str, **settings: Any) -> str:
    with pytest.raises(UserError) as caught:
        decontaminate(data, suite=suite, **settings)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"policy": "drop-row"}, "unknown policy 'drop-row'; did you mean 'drop-rows'?"),
        ({"profile": "tulu"}, "unknown profile 'tulu'; did you mean 'tulu3'?"),
        ({"format": "alpacca"}, "unknown format 'alpacca'; did you mean 'alpaca'?"),
        ({"kind": "stf"}, "unknown kind 'stf'; did you mean 'sft'?"),
        ({"without": ["eval"]}, "unknown benchmark 'eval'; did you mean 'evals'?"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(
    settings: dict[str, Any], message: str, suite: Path
) -> None:
    assert message in refused(pa.Table.from_pylist(ROWS), suite, **settings)


def test_a_mapping_of_a_column_that_is_not_there_is_refused_with_the_nearest(suite: Path) -> None:
    message = refused(
        pa.Table.from_pylist(ROWS), suite, format={"prompt": "questions", "response": "answer"}
    )
    assert "unknown column 'questions'; did you mean 'question'?" in message


def test_an_unknown_suite_is_refused_with_the_nearest() -> None:
    assert "did you mean 'tulu3'?" in refused(pa.Table.from_pylist(ROWS), "tulu4")


def test_an_unknown_role_is_refused_with_the_nearest(suite: Path) -> None:
    message = refused(pa.Table.from_pylist(ROWS), suite, roles=["users"])
    assert "unknown role 'users'; did you mean 'user'?" in message


def test_data_without_user_turns_does_not_come_out_clean(suite: Path) -> None:
    rows = [{"messages": [{"role": "assistant", "content": LEAK}]}]
    message = refused(pa.Table.from_pylist(rows), suite, kind="sft")
    assert message == "data: no text in turns of role user; name the roles to scan"


@pytest.mark.parametrize("empty", ["?!", " ", "- - -"])
def test_user_turns_without_a_token_do_not_come_out_clean(empty: str, suite: Path) -> None:
    rows = [
        {"messages": [{"role": "user", "content": empty}, {"role": "assistant", "content": LEAK}]}
    ]
    assert "no text in turns of role user" in refused(pa.Table.from_pylist(rows), suite)


def test_one_source_without_text_is_enough_to_stop(tmp_path: Path, suite: Path) -> None:
    silent = write(
        tmp_path / "silent.jsonl", [{"messages": [{"role": "assistant", "content": LEAK}]}]
    )
    talking = write(
        tmp_path / "talking.jsonl",
        [
            {
                "messages": [
                    {"role": "user", "content": "Hi there"},
                    {"role": "assistant", "content": "Hi"},
                ]
            }
        ],
    )
    assert refused([talking, silent], suite).startswith("silent: no text in turns of role user")


def test_what_is_no_data_set_is_refused(tmp_path: Path, suite: Path) -> None:
    assert "but int" in refused(3, suite)
    assert "but dict" in refused({"question": ["x"]}, suite)
    assert "empty list" in refused([], suite)
    assert "no rows" in refused(pa.Table.from_pylist(ROWS).slice(0, 0), suite)
    assert "no rows" in refused(datasets.Dataset.from_list(ROWS).select([]), suite)
    assert "no such file" in refused(tmp_path / "absent.jsonl", suite)


def test_sources_of_different_kinds_are_refused(tmp_path: Path, suite: Path) -> None:
    texts_only = write(tmp_path / "a.jsonl", [{"text": "Hello there"}])
    message = refused([texts_only, write(tmp_path / "b.jsonl", ROWS)], suite)
    assert message == "a, b: records of different kinds; name one with kind="


def test_the_result_is_plain_tables(suite: Path) -> None:
    result = decontaminate(pa.Table.from_pylist(ROWS), suite=suite)
    assert isinstance(result, Decontaminated)
    assert result.dropped.column_names == [*result.kept.column_names, "reason"]
    result.kept.validate(full=True)
    result.dropped.validate(full=True)
    result.matches.validate(full=True)


@pytest.mark.parametrize("shape", SHAPES[3:])
def test_every_shape_can_be_the_suite_or_what_is_held_against(
    shape: Callable[[Path], Any], tmp_path: Path
) -> None:
    """Data that is its own benchmark is hit in every row."""
    by_suite = decontaminate(
        as_table(tmp_path), suite=shape(tmp_path), benchmark_fields=["question"]
    )
    assert (by_suite.kept.num_rows, by_suite.dropped.num_rows) == (0, 4)
    assert by_suite.dropped["reason"].to_pylist()[0] == "covers 100.0 % of suite/0"
    against = decontaminate(as_table(tmp_path), against=shape(tmp_path))
    assert against.dropped["reason"].to_pylist()[0] == "covers 100.0 % of against/0"


def test_fields_of_a_suite_at_hand_are_detected(suite: Path) -> None:
    rows = [{"question": OTHER, "answer": "?"}, {"question": LEAK, "answer": "7"}]
    at_hand_, by_path = (decontaminate(ROWS, suite=given) for given in (rows, suite))
    assert at_hand_.kept_rows["data"].tolist() == by_path.kept_rows["data"].tolist() == [0, 2]


def test_what_holds_no_single_table_is_refused_with_the_way_on(suite: Path) -> None:
    dataset = datasets.Dataset.from_list(ROWS)
    splits = datasets.DatasetDict({"test": dataset, "train": dataset})
    told = "data: a DatasetDict of the splits test, train; give one of them: data['test']"
    assert refused(splits, suite) == told
    stream = dataset.to_iterable_dataset()
    told = (
        "data: an IterableDataset, which has no positions; give rows of it: list(data.take(1000))"
    )
    assert refused(stream, suite) == told
    assert decontaminate(list(stream.take(4)), suite=suite).kept.num_rows == 2
    assert refused([{"question": "x"}, 3], suite) == "data: row 1 is no dict, but int"
    mixed = [{"question": "x", "n": 1}, {"question": "y", "n": "one"}]
    assert refused(mixed, suite).startswith("data: column 'n' holds values of several types (")
    with pytest.raises(UserError, match="suite: a DatasetDict of the splits"):
        decontaminate(ROWS, suite=splits)
    with pytest.raises(UserError, match="suite: give one path"):
        decontaminate(ROWS, suite=[suite, suite])
    with pytest.raises(UserError, match="against: an IterableDataset"):
        decontaminate(ROWS, against=stream)


def test_a_key_that_only_later_rows_have_is_not_lost(suite: Path) -> None:
    rows = [ROWS[0], ROWS[2] | {"system": "Be brief."}]
    result = decontaminate(
        rows, suite=suite, format={"prompt": "question", "response": "answer", "system": "system"}
    )
    roles = [[turn["role"] for turn in row] for row in result.kept["messages"].to_pylist()]
    assert roles == [["user", "assistant"], ["system", "user", "assistant"]]


def test_a_result_is_one_line_at_the_prompt_and_a_page_in_a_notebook(suite: Path) -> None:
    name = "<b>&data"
    evil = write(suite.parent / "evil.jsonl", [{"question": LEAK}])
    result = decontaminate(ROWS, suite=suite, against=evil)
    line = repr(result)
    assert line == (
        "<Decontaminated: 2 rows kept, 2 dropped; 1 of 2 items of evals in data, 1 of 1 item of evil in data>"
    )
    page = result._repr_html_()
    assert "<td>data/1</td><td>evals/1</td><td>exact</td>" not in page
    assert page.count("<tr>") == 2 + 2 + 5  # two heads, two overlaps, the five worst matches
    assert "<td>data/1</td><td>evals/1</td><td>ngram</td><td>1.00</td>" in page
    renamed = replace(result, overlaps={name: result.overlaps["data"]})
    assert name not in renamed._repr_html_()
    assert "&lt;b&gt;&amp;data" in renamed._repr_html_()
    clean = decontaminate(ROWS[:1], suite=suite)
    assert repr(clean) == "<Decontaminated: 1 row kept, 0 dropped; no benchmark item found>"
    assert "<table>" not in clean._repr_html_()
