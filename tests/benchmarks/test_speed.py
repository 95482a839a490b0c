"""The speed benchmarks measure what they say: rules find planted leaks, samplers give numbers.

No timing is asserted. Tests of peers run in the environment that `make bench` makes for them (or
that of the Python in SPEED_PEERS) and skip without it."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks.speed import decontaminate, engines, inputs, kernel, measure, peers
from benchmarks.speed.build import described, parse_sizes
from benchmarks.speed.corpus import write_corpus
from curate.errors import UserError
from curate.matching.index import build_index
from curate.matching.ngram import match
from curate.text.tokenise import ngrams

QUESTION = "A farmer has twelve hens and each of them lays three eggs a week; how many eggs is that in March?"
OTHER = "Name the highest mountain of every continent, in the order of their heights, please, and nothing more."


def item(*fields: str, label: str = "") -> peers.Item:
    return peers.Item("planted", fields, label)


def write_inputs(folder: Path, name: str, rows: list[list[str]], items: list[peers.Item]) -> None:
    """What a contestant reads."""
    (folder / f"{name}.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8"
    )
    (folder / "items.jsonl").write_text(
        "".join(json.dumps(vars(item)) + "\n" for item in items), encoding="utf-8"
    )


@pytest.fixture
def peers_python(root: Path) -> Path:
    """The Python of an environment with the peers."""
    python = Path(os.environ.get("SPEED_PEERS", root / "out/speed/peers/bin/python"))
    if not python.exists():
        pytest.skip("the peers are not installed; benchmarks/speed/README.md says how")
    return python


def one_pass(python: Path, name: str, folder: Path) -> dict[str, float]:
    """What a peer finds in the inputs of `folder`."""
    with decontaminate.contestant(decontaminate.commands(folder, python)[name]) as once:
        assert not isinstance(once, str), once
        return once()


def write_training_set(root: Path, rows: int = 40) -> Path:
    """A folder like the shared data, with one small chat set."""
    folder = root / "sft"
    folder.mkdir(parents=True)
    with (folder / "chat.jsonl").open("w", encoding="utf-8") as out:
        for i in range(rows):
            own = f"Überlege: row {i} of a small set, with a few words of its own, number {i * i}"
            text = QUESTION if i == 7 else own
            turns = [
                {"role": "user", "content": text},
                {"role": "assistant", "content": f"Answer {i}."},
            ]
            out.write(json.dumps({"messages": turns}) + "\n")
    return root


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of 20 kB as Parquet."""
    return inputs.corpus(tmp_path / "work", write_training_set(tmp_path / "data"), 0.02, "parquet")


def test_the_corpus_is_the_same_every_time_and_in_both_formats(tmp_path: Path) -> None:
    data = write_training_set(tmp_path / "data")
    once, again = (write_corpus(data, tmp_path / name, 20_000) for name in ("once", "again"))
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in again]
    rows = pq.read_table(once[0]).to_pylist()
    with gzip.open(once[1], "rt", encoding="utf-8") as lines:
        assert [json.loads(line) for line in lines] == rows
    users = [turn["content"] for row in rows for turn in row["messages"] if turn["role"] == "user"]
    assert 20_000 <= sum(len(text.encode()) for text in users) < 20_200
    assert len(set(users)) == len(users)


def test_one_format_alone_holds_the_same_bytes(tmp_path: Path) -> None:
    data = write_training_set(tmp_path / "data")
    both = write_corpus(data, tmp_path / "both", 5_000)
    [alone] = write_corpus(data, tmp_path / "alone", 5_000, ["jsonl.gz"])
    assert alone.read_bytes() == both[1].read_bytes()


def test_a_folder_without_training_sets_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no training set"):
        write_corpus(tmp_path, tmp_path / "out", 1000)


def test_every_contestant_gets_the_text_of_the_corpus(corpus: Path, tmp_path: Path) -> None:
    whole = inputs.write_texts(corpus, tmp_path)
    users = [
        [turn["content"] for turn in row["messages"] if turn["role"] == "user"]
        for row in pq.read_table(corpus).to_pylist()
    ]
    assert (tmp_path / "text.txt").read_text(encoding="utf-8") == "".join(
        f"{text}\n" for row in users for text in row
    )
    assert whole == inputs.Text(
        len(users), sum(map(len, users)), sum(len(t.encode()) for row in users for t in row)
    )
    sliced = inputs.write_slices(tmp_path, whole, {"all": 1.0, "half": 0.01})
    assert sliced["all"] == whole
    assert peers.read_rows(tmp_path, "all") == users
    assert peers.read_rows(tmp_path, "half") == users[::2]
    assert sliced["half"].rows == len(users[::2])


def test_the_kernel_reads_the_same_text(corpus: Path, tmp_path: Path) -> None:
    whole = inputs.write_texts(corpus, tmp_path)
    lines = (tmp_path / "text.txt").read_text(encoding="utf-8").splitlines()
    write_inputs(tmp_path, "none", [], [item(QUESTION)])
    figures = kernel.kernel(tmp_path)()
    assert figures["tokens"] == sum(len(ngrams(line, 1)) for line in lines)
    assert 0 < figures["flagged"] < whole.rows
    _, counts = match(kernel.read_turns(tmp_path), build_index([[QUESTION]], 8, 0.5).table)
    assert len(counts) == whole.turns


def test_open_r1_flags_a_row_that_shares_eight_words_and_no_other() -> None:
    known = peers.open_r1_set([item(QUESTION)])
    words = QUESTION.split()
    assert peers.open_r1_flags(["hello there", f"Tell me:  {QUESTION.upper()}"], known)
    assert peers.open_r1_flags([" ".join(["so", *words[3:11], "so"])], known)
    assert not peers.open_r1_flags([" ".join(["so", *words[3:10], "so"])], known)
    assert not peers.open_r1_flags([OTHER], known)
    assert not peers.open_r1_flags([], known)


def test_the_stand_in_covers_tokens_as_the_published_code_does() -> None:
    size, found = peers.item_ngrams("a b c d e f g h - a b c d e f g h")
    assert size == 16
    assert len(found) == 8  # nine windows, of which the first and the last are the same
    assert found[tuple("abcdefgh")] == list(range(8, 16))
    assert list(found) == list(dict.fromkeys(ngrams("a b c d e f g h - a b c d e f g h", 8)))


def test_the_stand_in_finds_a_planted_leak(tmp_path: Path, peers_python: Path) -> None:
    rows = [
        [OTHER],
        ["first", f"Well. {QUESTION.upper()} Thanks."],
        [" ".join(QUESTION.split()[:9])],
    ]
    half = item(QUESTION, "a field that is in none of the three rows, word for word or otherwise")
    write_inputs(tmp_path, "tantivy", rows, [item(QUESTION), half, item("short")])
    found = one_pass(peers_python, "tantivy", tmp_path)
    assert found["items_hit"] == 1  # half of an item is not more than half
    assert (
        found["queries_sent"]
        == found["queries"]
        == sum(len(ngrams(f, 8)) for f in (QUESTION, *half.fields))
    )


@pytest.mark.parametrize(("name", "flagged"), [("datatrove", 1), ("datatrove-query", 2)])
def test_datatrove_finds_what_it_is_set_to_find(
    tmp_path: Path, peers_python: Path, name: str, flagged: int
) -> None:
    answer = "Twelve hens with three eggs each make thirty six a week and so about one hundred and sixty in March"
    write_inputs(tmp_path, name, [[answer], [OTHER], [QUESTION]], [item(QUESTION, label=answer)])
    assert one_pass(peers_python, name, tmp_path)["flagged"] == flagged


def test_a_contestant_answers_every_line_with_a_pass(tmp_path: Path) -> None:
    write_inputs(tmp_path, "open-r1", [[OTHER], [QUESTION], [OTHER]], [item(QUESTION)])
    command = decontaminate.commands(tmp_path, Path(sys.executable))["open-r1"]
    with decontaminate.contestant(command) as once:
        assert not isinstance(once, str)
        assert [once()["flagged"] for _ in range(3)] == [1, 1, 1]


def test_a_missing_peer_says_what_is_missing(tmp_path: Path) -> None:
    write_inputs(tmp_path, "tantivy", [], [])
    # -S: without site-packages, so without tantivy wherever this runs
    command = [sys.executable, "-S", str(Path(peers.__file__)), "tantivy", str(tmp_path)]
    with decontaminate.contestant(command) as ready:
        assert ready == "No module named 'tantivy'"


def test_a_contestant_that_breaks_is_an_error(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    with pytest.raises(measure.Failed, match="ended with 3"), decontaminate.contestant(command):
        pass


def test_words_are_counted(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("one two\nthree", encoding="utf-8")
    assert decontaminate.count_words(tmp_path)["words"] == 3


def test_the_sampler_sees_the_memory_of_descendants() -> None:
    held = "x = bytearray(b'x') * 60_000_000; input()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {held!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        peak = 0
        for _ in range(1000):
            peak = max(peak, measure.tree_memory(process.pid).anonymous)
            if peak > 60_000_000:
                break
        assert len(measure.tree(process.pid)) == 2
        process.stdin.close()
    assert peak > 60_000_000
    assert measure.memory(process.pid) == (0, 0)
    assert os.getpid() in measure.tree(os.getppid())


def test_a_measured_command_gives_numbers_or_what_it_said() -> None:
    measured = measure.measure([sys.executable, "-c", "print(sum(range(1000)))"])
    assert measured.output == "499500\n"
    assert measured.seconds > 0
    assert measured.cpu_seconds > 0
    assert measured.memory.pss >= measured.memory.anonymous > 0
    with pytest.raises(measure.Failed, match="ended with 2: no such thing"):
        measure.measure(
            [sys.executable, "-c", "import sys; sys.stderr.write('no such thing'); sys.exit(2)"]
        )


def test_tables_line_up() -> None:
    shown = measure.table(["what", "MB/s"], [("a", 1234.5), ("longer", 0.12345), ("n", 1000)])
    assert shown.splitlines() == [
        "| what   |  MB/s |",
        "| ------ | ----: |",
        "| a      | 1,234 |",
        "| longer | 0.123 |",
        "| n      | 1,000 |",
    ]


def test_the_comparison_is_shown_with_its_ratios() -> None:
    texts = {"wc": inputs.Text(10, 10, 4_000_000), "curate": inputs.Text(10, 10, 4_000_000)}
    texts["open-r1"] = inputs.Text(5, 5, 1_000_000)
    runs: dict[str, list[dict[str, float]]] = {
        "wc": [{"seconds": 2.0}, {"seconds": 9.0}, {"seconds": 1.0}],
        "curate": [{"seconds": 1.0, "flagged": 3}] * 3,
        "open-r1": [{"seconds": 5.0, "flagged": 1}] * 3,
    }
    found = decontaminate.medians(runs, texts)
    assert found["wc"]["mb_a_second"] == 2
    lines = decontaminate.show(found).splitlines()
    cells = [[cell.strip() for cell in line.split("|")[2:-1]] for line in lines[2:]]
    assert cells == [
        ["4", "2", "2", "1", "2.0 ×", ""],
        ["4", "1", "4", "2", "", "30.00"],
        ["1", "5", "0.2", "0.1", "20 ×", "20.00"],
    ]


def test_builds_are_described_by_medians_and_the_highest_peak() -> None:
    taken = ((4.0, measure.Memory(5, 5)), (2.0, measure.Memory(7, 3)), (1.0, measure.Memory(6, 4)))
    runs = [(measure.Measured(seconds, 1.0, memory, ""), 8_000_000) for seconds, memory in taken]
    assert described(runs) | {"all_seconds": None} == {
        "mb": 8.0,
        "seconds": 2.0,
        "cpu_seconds": 1.0,
        "mb_a_second": 4.0,
        "peak_pss": 7,
        "peak_anonymous": 3,
        "all_seconds": None,
    }
    assert parse_sizes("0.2,1") == [0.2, 1.0]


def test_the_suite_names_every_benchmark_of_the_data(shared_data: Path, tmp_path: Path) -> None:
    assert inputs.write_items(inputs.write_suite(tmp_path, shared_data), tmp_path) == 14_335
    labels = {found.benchmark for found in peers.read_items(tmp_path) if found.label}
    assert labels == set(inputs.LABELS)


def test_the_benchmark_of_engines_asks_a_server_of_its_own(tmp_path: Path) -> None:
    found = engines.against_instant(40, 8, tmp_path)
    assert (found["requests"], found["in_flight"]) == (40, 8)
    assert found["requests_a_second"] > 0 < found["peak_mb"]
