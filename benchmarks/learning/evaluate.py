"""What a model scores on held-out data: constraints it keeps, the loss of its answers, the pairs it
orders rightly.

    python -m benchmarks.learning.evaluate constraints MODEL out/learning/data/heldout.jsonl --json before.json
    python -m benchmarks.learning.evaluate loss MODEL out/learning/sft
    python -m benchmarks.learning.evaluate preference MODEL out/learning/preference
    python -m benchmarks.learning.evaluate difference before.json after.json

MODEL is a folder that transformers opens; its tokenizer's chat template is used. Completions are
greedy, at most 96 tokens. Loss and preference read the validation split of a folder that `curate
build` made. Matrices are multiplied in bfloat16, on a GPU where there is one. It knows nothing of
trainers. Refused: a template in which the prompt does not begin the whole conversation, for then it
cannot be told where an answer starts."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.learning.scores import (
    CEILING,
    Measurement,
    Scored,
    below_ceiling,
    by_group,
    difference,
    figure,
    grouped,
    load,
    wilson,
)
from curate.errors import UserError
from curate.verify import find

NEW_TOKENS, BATCH = 96, 32

Messages = list[dict[str, str]]


@dataclass(frozen=True)
class Model:
    """A language model that is only asked, with its tokenizer."""

    name: str
    model: Any
    tokenizer: Any


def open_model(name: str) -> Model:
    """Read a model and its tokenizer from a folder, weights in float32."""
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError:
        raise UserError(
            "evaluating a model needs torch and transformers, which are not installed"
        ) from None
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, padding_side="left")
        model = AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{name}: not a model that transformers opens ({' '.join(str(error).split())})"
        ) from None
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    return Model(name, model.eval().to("cuda" if torch.cuda.is_available() else "cpu"), tokenizer)


def completions(asked: Model, prompts: Sequence[Messages]) -> list[tuple[str, bool]]:
    """The greedy answer to every prompt, and whether it ended by itself."""
    import torch

    texts = [_rendered(asked, prompt) for prompt in prompts]
    found: dict[int, tuple[str, bool]] = {}
    end = asked.tokenizer.eos_token_id
    model = deepcopy(asked.model).to(
        torch.bfloat16
    )  # autocast would round the same weights anew for every token
    for batch in _batches([len(text) for text in texts]):
        inputs = asked.tokenizer(
            [texts[i] for i in batch], return_tensors="pt", padding=True, add_special_tokens=False
        )
        how = {
            "max_new_tokens": NEW_TOKENS,
            "do_sample": False,
            "eos_token_id": end,
            "use_cache": True,
        }
        with torch.inference_mode():
            made = model.generate(**inputs.to(model.device), **how)
        for i, row in zip(batch, made[:, inputs["input_ids"].shape[1] :].tolist(), strict=True):
            tokens = row[: row.index(end)] if end in row else row
            found[i] = (asked.tokenizer.decode(tokens, skip_special_tokens=True), end in row)
        print(f"{len(found)} of {len(texts)}", end="\r", file=sys.stderr, flush=True)
    return [found[i] for i in range(len(texts))]


def log_probabilities(
    asked: Model, answers: Sequence[tuple[Messages, Messages]]
) -> list[tuple[float, int]]:
    """Of every answer, given its prompt: the sum of the log-probabilities of its tokens, and how
    many they are.

    The end of the answer counts; what the template puts behind it does not.
    """
    import torch

    pieces = [_split(asked, prompt, answer) for prompt, answer in answers]
    found: dict[int, tuple[float, int]] = {}
    for batch in _batches([len(prompt) + len(answer) for prompt, answer in pieces]):
        rows = [torch.tensor(pieces[i][0] + pieces[i][1]) for i in batch]
        ids = torch.nn.utils.rnn.pad_sequence(
            rows, batch_first=True, padding_value=asked.tokenizer.pad_token_id
        )
        ids = ids.to(asked.model.device)
        mask = (
            torch.arange(ids.shape[1], device=ids.device)
            < torch.tensor([len(row) for row in rows]).to(ids)[:, None]
        )
        with torch.inference_mode(), torch.autocast(ids.device.type, torch.bfloat16):
            logits = asked.model(input_ids=ids, attention_mask=mask.long()).logits
        for row, i in enumerate(batch):
            first, last = len(pieces[i][0]), len(rows[row])
            own = torch.log_softmax(logits[row, first - 1 : last - 1].float(), dim=-1)
            chosen = own.gather(1, ids[row, first:last, None])
            found[i] = (float(chosen.double().sum()), last - first)
        print(f"{len(found)} of {len(pieces)}", end="\r", file=sys.stderr, flush=True)
    return [found[i] for i in range(len(pieces))]


def constraints(asked: Model, file: Path) -> Measurement:
    """Which held-out prompts are answered as their constraint asks."""
    rows = read_rows(file)
    made = completions(asked, [[{"role": "user", "content": row["prompt"]}] for row in rows])
    scored = [
        Scored(
            str(i),
            row["type"],
            float(find(row["verifier"])(text, row["ground_truth"]).passed),
            1,
            ended,
            text,
        )
        for i, (row, (text, ended)) in enumerate(zip(rows, made, strict=True))
    ]
    return Measurement("constraints", asked.name, file.name, tuple(scored))


def loss(asked: Model, folder: Path) -> Measurement:
    """The loss of the last answer of every validation row: sums over tokens as values, numbers of
    tokens as weights.
    """
    rows = validation(folder)
    sums = log_probabilities(asked, [(row["messages"][:-1], row["messages"][-1:]) for row in rows])
    scored = [
        Scored(row["id"], str(row.get("type", row["source"])), -total, n)
        for row, (total, n) in zip(rows, sums, strict=True)
    ]
    return Measurement("loss", asked.name, folder.name, tuple(scored))


def preference(asked: Model, folder: Path) -> Measurement:
    """Whether the chosen answer of every validation pair has the higher mean log-probability a
    token.
    """
    rows = validation(folder)
    sums = log_probabilities(
        asked, [(row["prompt"], row[side]) for row in rows for side in ("chosen", "rejected")]
    )
    means = [total / n for total, n in sums]
    scored = [
        Scored(
            row["id"],
            str(row.get("set", row["source"])),
            float(chosen > rejected),
            text=f"{chosen} {rejected}",
        )
        for row, chosen, rejected in zip(rows, means[::2], means[1::2], strict=True)
    ]
    return Measurement("preference", asked.name, folder.name, tuple(scored))


TASKS = {"constraints": constraints, "loss": loss, "preference": preference}


def read_rows(file: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file."""
    try:
        return [json.loads(line) for line in file.read_text("utf-8").split("\n") if line.strip()]
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: cannot be read as JSONL ({error})") from None


def validation(folder: Path) -> list[dict[str, Any]]:
    """The validation split of a built folder."""
    files = sorted((folder / "data").glob("validation-*.parquet"))
    if not files:
        raise UserError(
            f"{folder}: no validation split; `output: {{validation: 200}}` in the recipe makes one"
        )
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def show(measurement: Measurement) -> Iterator[str]:
    """The figures in lines: every group with its interval, then the mean."""
    for name, rows in grouped(measurement.rows).items():
        n, total = len(rows), sum(row.value for row in rows)
        figures = (
            f"{total / sum(row.weight for row in rows):.3f}"
            if measurement.task == "loss"
            else wilson(total, n)
        )
        yield f"{name:48} {figures}  n = {n}"
    ended = sum(row.ended for row in measurement.rows) / len(measurement.rows)
    yield f"{measurement.task} of {measurement.model}: {figure(measurement):.4f}; ended by itself: {ended:.3f}"


def show_difference(before: Measurement, after: Measurement) -> Iterator[str]:
    """Two measurements side by side, and their difference with its interval."""
    if before.task == "constraints":
        high = {name for name, rate in by_group(before).items() if rate > CEILING}
        if high:
            yield f"left out, for they start above {CEILING:.0%}: {', '.join(sorted(high))}"
        before, after = below_ceiling(before, after)
    now = by_group(after)
    for name, was in by_group(before).items():
        yield f"{name:48} {was:.3f} -> {now[name]:.3f}"
    yield f"{before.task}: {figure(before):.4f} -> {figure(after):.4f}, difference {difference(before, after)}"
    if before.task == "loss":
        yield f"as a share: {difference(before, after, relative=True)}"


def _rendered(asked: Model, prompt: Messages) -> str:
    return str(
        asked.tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
    )


def _split(asked: Model, prompt: Messages, answer: Messages) -> tuple[list[int], list[int]]:
    """Tokens of a prompt and of the answer to it, up to the end of the answer."""
    before = _rendered(asked, prompt)
    whole = str(asked.tokenizer.apply_chat_template([*prompt, *answer], tokenize=False))
    if not whole.startswith(before):
        raise UserError(
            f"{asked.name}: with this chat template a conversation does not begin as its prompt does"
        )
    text, end, _ = whole[len(before) :].rpartition(asked.tokenizer.eos_token)
    if not end:
        raise UserError(
            f"{asked.name}: this chat template does not end an answer with {asked.tokenizer.eos_token}"
        )
    tokens = asked.tokenizer([before, text + end], add_special_tokens=False)["input_ids"]
    return tokens[0], tokens[1]


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places of texts, those of like length together, the longest first."""
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    for start in range(0, len(order), BATCH):
        yield order[start : start + BATCH]


def main() -> None:
    """Measure one model, or compare two measurements."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=[*TASKS, "difference"])
    parser.add_argument(
        "first",
        metavar="MODEL",
        help="a folder with a model; of `difference` the file of the start",
    )
    parser.add_argument(
        "second",
        metavar="DATA",
        type=Path,
        help="heldout.jsonl, a built folder, or the file of the end",
    )
    parser.add_argument("--json", type=Path, help="write every row there")
    options = parser.parse_args()
    try:
        if options.task == "difference":
            lines = show_difference(load(Path(options.first)), load(options.second))
        else:
            measurement = TASKS[options.task](open_model(options.first), options.second)
            if options.json:
                measurement.save(options.json)
            lines = show(measurement)
        print("\n".join(lines))
    except UserError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
