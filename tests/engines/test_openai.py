"""The engine of kind openai against a server that fails in every way, over real sockets."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from curate.engines.answer import Answer, reason
from curate.engines.ask import ask, open_engine
from curate.engines.request import Request
from curate.engines.store import open_store
from curate.engines.structured import TIERS, misfit
from curate.errors import UserError
from tests.engines.asking import asked, at
from tests.engines.server import Behaviour, Reply, Server, completion, echo, serving

SCHEMA = {
    "type": "object",
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
    "additionalProperties": False,
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between attempts that do not last."""
    monkeypatch.setattr("curate.engines.retry._FIRST", 0.01)


def answers(
    folder: Path, behaviour: Behaviour, requests: list[Request], **more: Any
) -> tuple[list[Answer], Server]:
    with (
        serving(behaviour) as server,
        open_store(folder / "store") as store,
        open_engine(at(server.url, **more)) as engine,
    ):
        return ask(requests, engine, store), server


def one(folder: Path, behaviour: Behaviour, **more: Any) -> Answer:
    (answer,), _ = answers(folder, behaviour, asked(1), **more)
    return answer


def test_an_answer_says_what_it_took(tmp_path: Path) -> None:
    answer = one(tmp_path, echo, price={"input": 2.0, "output": 4.0})
    assert (answer.outcome, answer.text) == ("answered", "You said: Question 0?")
    assert (answer.prompt_tokens, answer.completion_tokens) == (10, 5)
    assert answer.cost == pytest.approx((10 * 2 + 5 * 4) / 1e6)
    assert answer.served_by == "served-model fp1"
    assert (answer.engine, answer.model, answer.finish) == ("openai", "m", "stop")
    assert len(answer.attempts) == 1


def test_every_parameter_is_sent(tmp_path: Path) -> None:
    _, server = answers(tmp_path, echo, asked(1))
    (body,) = server.bodies
    (request,) = asked(1)
    assert body == {
        "model": "m",
        "messages": list(request.messages),
        "seed": request.seed,
        "temperature": 1.0,
        "top_p": 1.0,
        "max_tokens": 50,
    }


def test_half_of_a_surrogate_pair_is_sent_as_its_escape(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "ü \ud83d"}]
    (answer,), server = answers(tmp_path, echo, [Request(messages, 0)])
    assert server.bodies[0]["messages"] == messages
    assert answer.text == "You said: ü \ud83d"


FIRST: dict[str, tuple[Reply, str]] = {
    "too many": (Reply({"error": {"message": "slow down"}}, 429), "HTTP 429: slow down"),
    "server": (Reply("<html>oops</html>", 500), "HTTP 500: <html>oops</html>"),
    "cut off": (Reply(completion("hello"), cut=True), "the connection broke"),
    "half": (Reply('{"choices": [{"mess'), "the reply is no JSON"),
    "no choice": (Reply({"choices": []}), "the reply is no chat completion"),
    "a list": (Reply([1, 2]), "the reply is no chat completion"),
    "no text": (Reply(completion(["a"])), "the reply is no chat completion"),  # type: ignore[arg-type]
    "late": (Reply(completion("late"), after=3), "no reply within 0.5 s"),
}


@pytest.mark.parametrize("name", FIRST)
def test_what_gives_nothing_is_tried_again_and_every_attempt_is_kept(
    tmp_path: Path, name: str
) -> None:
    reply, error = FIRST[name]

    def behaviour(body: Mapping[str, Any], nth: int) -> Reply:
        return reply if nth < 3 else echo(body, nth)

    answer = one(tmp_path, behaviour, timeout=0.5)
    assert answer.text == "You said: Question 0?"
    assert [error in attempt.error for attempt in answer.attempts] == [True, True, False]
    assert answer.attempts[-1].error == ""


def test_what_always_fails_is_failed_and_named_and_asked_again_at_the_next_run(
    tmp_path: Path,
) -> None:
    answer = one(tmp_path, lambda body, nth: Reply("no", 500), attempts=3)
    assert (answer.outcome, answer.text, answer.reason) == ("failed", None, "HTTP 500: no")
    assert [attempt.status for attempt in answer.attempts] == [500, 500, 500]
    with serving(), open_store(tmp_path / "store") as store:
        # At another port: a revision would let the server move.
        assert store.found([]) == {}
    again = one(tmp_path, echo, attempts=3)
    assert again.outcome == "answered"


def test_a_mistake_in_a_request_is_not_repeated(tmp_path: Path) -> None:
    answer = one(tmp_path, lambda body, nth: Reply({"error": {"message": "too long"}}, 400))
    assert (answer.outcome, answer.reason) == ("failed", "HTTP 400: too long")
    assert len(answer.attempts) == 1


def test_a_403_ends_the_run_only_while_nothing_was_answered(tmp_path: Path) -> None:
    def flagged(body: Mapping[str, Any], nth: int) -> Reply:
        bad = body["messages"][-1]["content"] == "Question 2?"
        return Reply({"error": {"message": "flagged"}}, 403) if bad else echo(body, nth)

    found, _ = answers(tmp_path / "a", flagged, asked(5), in_flight=1)
    assert [answer.outcome for answer in found] == ["answered"] * 2 + ["failed"] + ["answered"] * 2
    assert (found[2].reason, len(found[2].attempts)) == ("HTTP 403: flagged", 1)
    with pytest.raises(UserError, match="HTTP 403 no; may the key in CURATE_TEST_KEY use it?"):
        answers(tmp_path / "b", lambda body, nth: Reply("no", 403), asked(5), in_flight=1)


def test_a_prompt_that_a_provider_withholds_is_refused(tmp_path: Path) -> None:
    told = {"error": {"code": "content_filter", "message": "filtered"}}
    answer = one(tmp_path, lambda body, nth: Reply(told, 400))
    assert (answer.outcome, answer.reason) == ("refused", "HTTP 400: filtered")
    assert [attempt.status for attempt in answer.attempts] == [400]


@pytest.mark.parametrize(
    ("reply", "outcome", "said"),
    [
        (completion("half of i", "length"), "truncated", "half of i"),
        (completion(None, refusal="I would rather not"), "refused", ""),
        (completion("", "content_filter"), "refused", ""),
        (completion("na na na", "repetition"), "repeated", "na na na"),
        (completion("  "), "invalid", "  "),
        (completion(None), "invalid", ""),
    ],
)
def test_what_is_no_answer_has_no_text_and_is_not_asked_again(
    tmp_path: Path, reply: Any, outcome: str, said: str
) -> None:
    with (
        serving(lambda body, nth: Reply(reply)) as server,
        open_store(tmp_path) as store,
        open_engine(at(server.url)) as engine,
    ):
        (answer,) = ask(asked(1), engine, store)
        assert (answer.outcome, answer.text, answer.said) == (outcome, None, said)
        assert answer.reason
        assert ask(asked(1), engine, store) == [answer]
        assert len(server.bodies) == 1


# ---- structured output


def tiered(best: str) -> Behaviour:
    """A server that knows the tiers from `best` on, and ignores or refuses the others."""

    def behaviour(body: Mapping[str, Any], nth: int) -> Reply:
        kind = body.get("response_format", {}).get("type", "text")
        tiers = ["json_schema", "json_object", "text"]
        if tiers.index(kind) < tiers.index(best):
            refused = Reply({"error": {"message": f"{kind} is not supported"}}, 400)
            return refused if kind == "json_schema" else Reply(completion("Sure! yes"))
        return Reply(completion(json.dumps({"word": "yes"})))

    return behaviour


@pytest.mark.parametrize("tier", ["json_schema", "json_object", "text"])
def test_the_best_tier_of_a_server_is_found_once_and_kept_with_each_answer(
    tmp_path: Path, tier: str
) -> None:
    found, server = answers(tmp_path, tiered(tier), asked(5, schema=SCHEMA))
    assert {answer.tier for answer in found} == {tier}
    assert all(answer.value == {"word": "yes"} for answer in found)
    probes = ["json_schema", "json_object", "text"].index(tier) + (tier != "text")
    assert len(server.bodies) == 5 + probes
    told = json.dumps(server.bodies[-1]["messages"])
    assert ("JSON Schema" in told) == (tier != "json_schema")


def test_a_server_that_cannot_be_asked_for_its_tier_is_not_taken_for_a_poor_one(
    tmp_path: Path,
) -> None:
    down = True

    def behaviour(body: Mapping[str, Any], nth: int) -> Reply:
        return Reply("down", 500) if down else tiered("json_schema")(body, nth)

    with (
        serving(behaviour) as server,
        open_store(tmp_path) as store,
        open_engine(at(server.url, attempts=2)) as engine,
    ):
        (failed,) = ask(asked(1, schema=SCHEMA), engine, store)
        assert (failed.outcome, failed.reason) == ("failed", "HTTP 500: down")
        down = False
        (answer,) = ask(asked(1, schema=SCHEMA), engine, store)
    assert (answer.outcome, answer.tier) == ("answered", "json_schema")


def test_a_model_that_thinks_past_a_probe_s_end_has_the_tier_that_its_server_takes(
    tmp_path: Path,
) -> None:
    def behaviour(body: Mapping[str, Any], nth: int) -> Reply:
        if body["temperature"] != 1:
            return Reply({"error": {"message": "temperature must be 1"}}, 400)
        probed = "asked for" in json.dumps(body["messages"])
        thinking = completion("", "length")
        return Reply(thinking if probed else completion('{"word": "yes"}'))

    (answer,), server = answers(tmp_path, behaviour, asked(1, schema=SCHEMA))
    assert (answer.outcome, answer.tier) == ("answered", "json_schema")
    assert server.bodies[0]["max_tokens"] >= 1000


@pytest.mark.parametrize("best", ["json_object", "text"])
def test_a_server_that_breaks_at_a_tier_has_the_next(tmp_path: Path, best: str) -> None:
    def behaviour(body: Mapping[str, Any], nth: int) -> Reply:
        kind = body.get("response_format", {}).get("type", "text")
        broken = TIERS.index(kind) < TIERS.index(best)
        return Reply("oops", 500) if broken else Reply(completion('{"word": "yes"}'))

    (answer,), _ = answers(tmp_path, behaviour, asked(1, schema=SCHEMA), attempts=2)
    assert (answer.outcome, answer.tier) == ("answered", best)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("yes", "not JSON"),
        ('{"word": "yes"', "not JSON"),
        ('{"word": 3}', "$.word"),
        ('{"words": "yes"}', "$"),
        ('Here it is:\n```json\n{"word": "yes"}\n```', "not JSON"),
    ],
)
def test_json_that_does_not_fit_is_invalid(tmp_path: Path, text: str, told: str) -> None:
    def behaviour(body: Mapping[str, Any], nth: int) -> Reply:
        probed = "asked for" in json.dumps(body["messages"])
        return Reply(completion('{"word": "yes"}' if probed else text))

    (answer,), _ = answers(tmp_path, behaviour, asked(1, schema=SCHEMA))
    assert (answer.outcome, answer.value) == ("invalid", None)
    assert told in answer.reason


@pytest.mark.parametrize("word", ["a\u2028b", "a\x85b", "a\u2029b"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_is_in_a_fence_is_kept_to_the_character(word: str, end: str) -> None:
    fenced = end.join(["```json", json.dumps({"word": word}, ensure_ascii=False), "```"])
    assert Answer("answered", said=fenced).value == {"word": word}
    assert misfit(fenced, SCHEMA) == ""


def test_a_schema_that_is_none_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    with (
        serving() as server,
        open_store(tmp_path) as store,
        open_engine(at(server.url)) as engine,
        pytest.raises(UserError, match="no valid schema"),
    ):
        ask(asked(1, schema={"type": "objct"}), engine, store)
    assert server.bodies == []


def test_labels_become_probabilities(tmp_path: Path) -> None:
    likely = {"yes": 0.5, " yes": 0.1, "no": 0.2, "maybe": 0.1, "": 0.05, "y": 0.05}

    def behaviour(body: Mapping[str, Any], nth: int) -> Reply:
        assert (body["logprobs"], body["top_logprobs"], body["max_tokens"]) == (True, 20, 1)
        top = [{"token": token, "logprob": math.log(p)} for token, p in likely.items()]
        reply = completion("yes", "length")
        reply["choices"][0]["logprobs"] = {"content": [{"token": "yes", "top_logprobs": top}]}
        return Reply(reply)

    (answer,), _ = answers(tmp_path, behaviour, asked(1, labels=("yes", "no")))
    assert (answer.outcome, answer.text) == ("answered", None)
    assert answer.mass == pytest.approx(0.85)
    assert answer.probabilities == pytest.approx({"yes": 0.65 / 0.85, "no": 0.2 / 0.85})


def test_labels_that_no_likely_token_begins_are_invalid(tmp_path: Path) -> None:
    reply = completion("hm", "length")
    top = [{"token": "hm", "logprob": -0.1}]
    reply["choices"][0]["logprobs"] = {"content": [{"token": "hm", "top_logprobs": top}]}
    (answer,), _ = answers(tmp_path, lambda body, nth: Reply(reply), asked(1, labels=("a", "b")))
    assert (answer.outcome, answer.probabilities) == ("invalid", None)


# ---- keys


def test_a_key_comes_from_the_environment_and_is_written_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    key = "sk-8f3a0c-very-secret"
    monkeypatch.setenv("CURATE_TEST_KEY", key)

    def behaviour(body: Mapping[str, Any], nth: int) -> Reply:
        told = f"key {key} has used up its quota"
        return Reply({"error": {"message": told}}, 500 if nth == 1 else 400)

    (answer,), server = answers(tmp_path, behaviour, asked(1))
    assert server.headers[0]["authorization"] == f"Bearer {key}"
    assert [attempt.error for attempt in answer.attempts] == [
        "HTTP 500: key *** has used up its quota",
        "HTTP 400: key *** has used up its quota",
    ]
    assert one(tmp_path, lambda body, nth: Reply(completion(f"Your key: {key}"))).text == (
        "Your key: ***"
    )
    with pytest.raises(UserError) as caught:
        one(tmp_path, lambda body, nth: Reply(f"bad key {key}", 401))
    assert "HTTP 401 bad key ***; is the key in CURATE_TEST_KEY right?" in str(caught.value)
    out, err = capfd.readouterr()
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert written
    assert not any(key.encode() in content for content in [out.encode(), err.encode(), *written])


def test_the_password_of_a_proxy_is_written_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://me:pass-word@127.0.0.1:1x")
    with (
        open_store(tmp_path) as store,
        open_engine(at("http://example.test/v1", attempts=1)) as engine,
    ):
        (answer,) = ask(asked(1), engine, store)
    assert answer.reason == "the connection broke: InvalidURL http://***@127.0.0.1:1x"
    assert not any(b"pass-word" in path.read_bytes() for path in tmp_path.glob("*.sqlite*"))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("407, url='http://me:p@ss@host:1/v1'", "407, url='http://***@host:1/v1'"),
        ("two\nlines of a@b", "two lines of a@b"),
        ("http://host/a@b", "http://host/a@b"),
        ("x" * 295 + "http://me:secret@host", "x" * 295 + "http:"),
    ],
)
def test_the_reason_of_an_error_holds_no_password(error: str, told: str) -> None:
    assert reason(error) == told


def test_openai_itself_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CURATE_TEST_KEY", raising=False)
    told = pytest.raises(UserError, match="set the environment variable CURATE_TEST_KEY")
    with told, open_engine(at("https://api.openai.com/v1")):
        pass


def test_a_server_that_says_how_long_to_wait_is_left_alone(tmp_path: Path) -> None:
    def behaviour(body: Mapping[str, Any], nth: int) -> Reply:
        refused = Reply({"error": {"message": "slow"}}, 429, {"retry-after-ms": "300"})
        return refused if nth == 1 else echo(body, nth)

    answer = one(tmp_path, behaviour)
    assert answer.outcome == "answered"
    assert answer.seconds >= 0.3
