"""A made source from its first request to a folder, and again from the folder's lock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from curate.engines import Budget, BudgetEnded
from curate.errors import CurateError, UserError
from curate.mixture import Options, build
from curate.mixture.options import Asked
from curate.recipe import load_recipe
from tests.corpus import ask, read, write_lines, write_recipe
from tests.engines.server import Reply, Server, completion, echo, serving


def some(body: Mapping[str, Any], nth: int) -> Reply:
    """Answer but every fourth prompt, which comes to no end."""
    said = body["messages"][-1]["content"]
    if int(said.split()[1]) % 4 == 3:
        return Reply(completion("And so on and", finish="length"))
    return echo(body, nth)


def recipe_at(folder: Path, server: Server, n: int = 12, **more: Any) -> Path:
    """A recipe that has prompts answered by a server."""
    rows = [{"messages": [{"role": "user", "content": f"Prompt {i} is here"}]} for i in range(n)]
    write_lines(folder / "prompts.jsonl", rows)
    engine = {"kind": "openai", "model": "m", "base_url": server.url, "key_env": "CURATE_TEST_KEY"}
    made = {"of": {"from": "prompts.jsonl"}, "engine": "writer", **more.pop("respond", {})}
    return write_recipe(
        folder / "r.yaml",
        sources=[{"name": "answered", "respond": made}],
        engines={"writer": engine},
        **more,
    )


def built(recipe: Path, out: Path, store: Path, **more: Any) -> Any:
    given = {"ask": Asked(store, Budget())} | more
    return build(
        load_recipe(recipe), out, base=recipe.parent, options=Options(stages=None, **given)
    )


def data_of(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for folder in ("data", "removed", "quarantine", "answers")
        for path in sorted((out / folder).glob("*"))
    }


def test_answers_become_rows_and_what_has_none_is_quarantined(tmp_path: Path) -> None:
    with serving(some) as server:
        recipe = recipe_at(tmp_path, server)
        built(recipe, tmp_path / "out", tmp_path / "store")
        asked = len(server.bodies)
        assert asked == 12
        built(recipe, tmp_path / "again", tmp_path / "store")
        assert len(server.bodies) == asked
    rows = read(tmp_path / "out", "data/*.parquet")
    assert sorted(row["messages"][-1]["content"] for row in rows) == sorted(
        f"You said: Prompt {i} is here" for i in range(12) if i % 4 != 3
    )
    assert all(json.loads(row["lineage"])["answer"]["model"] == "m" for row in rows)
    quarantined = read(tmp_path / "out", "quarantine/*.parquet")
    assert [row["row"] for row in quarantined] == [3, 7, 11]
    assert all(row["reason"].startswith("truncated") for row in quarantined)
    assert "And so on" in quarantined[0]["raw"]
    assert data_of(tmp_path / "out") == data_of(tmp_path / "again")


def test_a_prompt_with_tools_is_not_asked_without_them(tmp_path: Path) -> None:
    call = {"type": "function", "function": {"name": "weather", "arguments": "{}"}}
    tool = {"type": "function", "function": {"name": "weather", "parameters": {}}}
    plain = [{"role": "user", "content": "Prompt 0 is here"}]
    called = [
        *plain,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "rain", "tool_call_id": "1"},
        {"role": "user", "content": "Prompt 1 is here"},
    ]
    with serving(echo) as server:
        recipe = recipe_at(tmp_path, server)
        rows = [{"messages": called}, {"messages": plain, "tools": [tool]}, {"messages": plain}]
        write_lines(tmp_path / "prompts.jsonl", rows)
        built(recipe, tmp_path / "out", tmp_path / "store")
        assert [body["messages"] for body in server.bodies] == [plain]
    reasons = [row["reason"] for row in read(tmp_path / "out", "quarantine/*.parquet")]
    assert reasons == [
        "a turn of the prompt has tool_call_id, tool_calls: not asked",
        "the prompt comes with tools: not asked",
    ]


def test_a_rebuild_from_the_lock_asks_nobody(tmp_path: Path) -> None:
    with serving(some) as server:
        built(recipe_at(tmp_path, server), tmp_path / "out", tmp_path / "store")
    again = tmp_path / "out" / "recipe.yaml"
    built(again, tmp_path / "again", tmp_path / "none", ask=None, locked=tmp_path / "out")
    assert data_of(tmp_path / "out") == data_of(tmp_path / "again")
    locks = [(tmp_path / name / "recipe.lock.json").read_text() for name in ("out", "again")]
    assert json.loads(locks[0])["outputs"] == json.loads(locks[1])["outputs"]
    assert json.loads(locks[0])["inputs"] == json.loads(locks[1])["inputs"]


def test_nobody_is_asked_unless_it_is_said(tmp_path: Path) -> None:
    with serving(some) as server:
        recipe = recipe_at(tmp_path, server)
        with pytest.raises(UserError, match="curate synthesize"):
            built(recipe, tmp_path / "out", tmp_path / "store", ask=None)
        assert not server.bodies
    assert not (tmp_path / "out").exists()


def test_exactly_so_many_rows_are_accepted(tmp_path: Path) -> None:
    with serving(some) as server:
        made = {"accepted": 7, "round": 4}
        recipe = recipe_at(tmp_path, server, 40, respond=made)
        built(recipe, tmp_path / "out", tmp_path / "store")
        assert len(server.bodies) == 12  # three rounds of four, three of each are answered
    rows = read(tmp_path / "out", "data/*.parquet")
    assert sorted(row["id"] for row in rows) == sorted(
        f"answered/{i}" for i in (0, 1, 2, 4, 5, 6, 8)
    )
    fates = {row["id"]: row["fate"] for row in ask(tmp_path / "out", "FROM documents")}
    assert [fates[f"answered/{i}"] for i in (9, 10)] == ["not-sampled", "not-sampled"]
    built(
        tmp_path / "out" / "recipe.yaml",
        tmp_path / "again",
        tmp_path / "none",
        ask=None,
        locked=tmp_path / "out",
    )
    assert data_of(tmp_path / "out") == data_of(tmp_path / "again")


def test_fewer_items_than_are_to_be_accepted_is_an_error(tmp_path: Path) -> None:
    with serving(some) as server, pytest.raises(CurateError, match="9 of 10 rows were accepted"):
        made = {"accepted": 10, "round": 4}
        built(recipe_at(tmp_path, server, respond=made), tmp_path / "out", tmp_path / "store")
    assert not (tmp_path / "out").exists()


def test_what_a_maker_reads_passes_the_steps_before_it_is_asked(tmp_path: Path) -> None:
    bench = [{"question": "Prompt 5 is here"}]
    write_lines(tmp_path / "bench.jsonl", bench)
    steps: Any = {"decontaminate": {"suite": "bench.jsonl"}}
    with serving(some) as server:
        built(recipe_at(tmp_path, server, **steps), tmp_path / "out", tmp_path / "store")
        asked = {body["messages"][-1]["content"] for body in server.bodies}
    assert len(asked) == 11
    assert "Prompt 5 is here" not in asked
    inner = tmp_path / "out" / "inputs" / "answered" / "rows"
    assert [row["id"] for row in read(inner, "removed/*.parquet")] == ["rows/5"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"engine": "writr"}, "did you mean 'writer'"),
        ({"items": 3, "accepted": 3}, "keep one of them"),
        ({"of": {"frm": "prompts.jsonl"}}, "did you mean 'from'"),
    ],
)
def test_wrong_keys_are_told_before_anything_is_asked(
    tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    with serving(some) as server, pytest.raises(UserError, match=message):
        built(recipe_at(tmp_path, server, respond=changed), tmp_path / "out", tmp_path / "store")
    assert not server.bodies


def test_the_audit_says_what_was_asked_what_it_gave_and_what_each_row_was_made_of(
    tmp_path: Path,
) -> None:
    with serving(some) as server:
        done = built(recipe_at(tmp_path, server), tmp_path / "out", tmp_path / "store")
    (line,) = ask(tmp_path / "out", "FROM acceptance")
    assert (line["tried"], line["nothing"], line["accepted"]) == (12, 3, 9)
    assert (line["requests"], line["cost"], len(line["removed"])) == (12, None, 0)
    outcomes = ask(tmp_path / "out", "SELECT outcome, requests FROM make_answers ORDER BY 1")
    assert [tuple(one.values()) for one in outcomes] == [("answered", 9), ("truncated", 3)]
    rows = ask(tmp_path / "out", "SELECT doc_id, lineage FROM make_rows ORDER BY doc_id")
    written = {row["id"]: row["lineage"] for row in read(tmp_path / "out", "data/*.parquet")}
    assert {row["doc_id"]: json.loads(row["lineage"]) for row in rows} == {
        name: json.loads(lineage) for name, lineage in written.items()
    }
    assert done.summary.as_dict()["makers"]["make"]["sources"]["answered"]["accepted"] == 9
    assert "Written by models" in (tmp_path / "out" / "report.html").read_text()
    assert "Written by models" in (tmp_path / "out" / "README.md").read_text()


def test_a_budget_that_ends_leaves_no_folder_and_the_same_command_goes_on(tmp_path: Path) -> None:
    with serving(some) as server:
        recipe, store = recipe_at(tmp_path, server), tmp_path / "store"
        with pytest.raises(BudgetEnded, match="5 requests"):
            built(recipe, tmp_path / "out", store, ask=Asked(store, Budget(max_requests=5)))
        assert not (tmp_path / "out").exists()
        assert len(server.bodies) == 5
        built(recipe, tmp_path / "out", store)
        assert len(server.bodies) == len({json.dumps(body) for body in server.bodies}) == 12
