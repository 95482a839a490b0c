"""Pictures of a build: they are sound SVG that draws what the views count, alone and on the page."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from curate.audit.pictures import alone, pictures
from curate.audit.plot import write_picture
from curate.audit.report import write_report
from curate.audit.store import open_readonly
from curate.audit.written import written
from curate.errors import UserError
from tests.audit import conftest as rows
from tests.audit.pages import EVIL, Made
from tests.command import call

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def built(tmp_path: Path, made: Made) -> Path:
    tables = rows.example_tables()
    for place, document in enumerate(tables["documents"]):
        document["text_bytes"] = 100 * 2**place
    tables["sources"][0]["name"] = EVIL
    for table in ("documents", "matches"):
        for row in tables[table]:
            row["source"] = EVIL if row["source"] == "chat" else row["source"]
    for table in ("texts", "decisions", "matches"):
        for row in tables[table]:
            row["doc_id"] = row["doc_id"].replace("chat/", f"{EVIL}/")
    (tmp_path / "built").mkdir()
    return made(tmp_path / "built", tables, 5)


def widths(svg: str, kind: str) -> list[float]:
    root = ElementTree.fromstring(svg)
    return [
        float(bar.attrib["width"]) for bar in root.iter(f"{SVG}rect") if bar.get("class") == kind
    ]


def test_the_funnel_draws_what_the_view_counts(built: Path) -> None:
    with open_readonly(built) as con:
        svg = alone(pictures(con)["funnel"])
        counts = con.execute(
            """SELECT sum(rows_out)::INTEGER, sum(dropped)::INTEGER FROM funnel
            GROUP BY position ORDER BY position"""
        ).fetchall()
    most = max(out for out, _ in counts)
    assert widths(svg, "stays") == pytest.approx([420 * out / most for out, _ in counts], abs=0.01)
    gone = widths(svg, "goes") + widths(svg, "rest")
    assert gone == pytest.approx([420 * n / most for _, n in counts if n], abs=0.01)


def test_shares_are_of_rows_and_of_text(built: Path) -> None:
    with open_readonly(built) as con:
        mixed = written(con)
        svg = alone(pictures(con)["shares"])
    with duckdb.connect(str(built / "audit.duckdb"), read_only=True) as con:
        expected = con.execute(
            """SELECT sum(copies)::INTEGER, sum(copies * text_bytes)::INTEGER FROM documents
            GROUP BY source ORDER BY source = 'math'"""
        ).fetchall()
    assert [(one.rows, one.size) for one in mixed.sources] == expected
    assert mixed.unit == "bytes"
    n, size = (sum(column) for column in zip(*expected, strict=True))
    assert widths(svg, "stays") == pytest.approx([420 * a / n for a, _ in expected], abs=0.01)
    assert widths(svg, "goes") == pytest.approx([420 * b / size for _, b in expected], abs=0.01)


def test_every_written_row_is_in_one_column_of_the_lengths(built: Path) -> None:
    with open_readonly(built) as con:
        mixed = written(con)
        (lengths,) = con.execute(
            "SELECT list(text_bytes) FROM documents WHERE copies > 0"
        ).fetchone() or ([],)
    assert sum(one.rows for one in mixed.lengths) == len(lengths)
    for one in mixed.lengths:
        assert one.rows == sum(one.low <= length < one.high for length in lengths)
    assert dict(mixed.quantiles)["99 % up to"] == max(lengths)


def test_a_picture_in_a_file_is_the_one_on_the_page(built: Path, tmp_path: Path) -> None:
    page = write_report(built).read_text("utf-8")
    for name in ("funnel", "shares", "lengths"):
        (path,) = write_picture(built, name, tmp_path / f"{name}.svg", None)
        root = ElementTree.parse(path).getroot()
        assert root.tag == f"{SVG}svg" and int(root.attrib["width"]) > 800
        body = path.read_text("utf-8").split('class="paper"')[1].partition("/>")[2]
        assert body.strip().removesuffix("</svg>") in page
        assert not re.search("<script|<img", body)


def test_a_png_needs_its_package(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(UserError, match=r"a PNG needs the package resvg-py: pip install"):
        write_picture(built, "funnel", None, tmp_path / "x.png")
    assert not (tmp_path / "x.png").exists()


def test_a_png_has_the_size_of_the_picture(built: Path, tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")
    write_picture(built, "funnel", None, tmp_path / "x.png")
    head = (tmp_path / "x.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(head[16:20], "big") == 3 * 452


def test_mistakes_are_one_line(built: Path) -> None:
    for options, message in (
        (["funel", "--svg", "x.svg"], "unknown picture 'funel'; did you mean 'funnel'?"),
        (["funnel"], "give a file for the picture: --svg FILE or --png FILE"),
        (["funnel", "--svg", "nowhere/x.svg"], "there is no folder"),
    ):
        done = call("plot", built, *options, cwd=built)
        assert (done.code, "\n" in done.error) == (2, False)
        assert message in done.error


def test_without_lengths_there_is_no_picture_of_them(example: Path) -> None:
    with open_readonly(example) as con:
        assert set(pictures(con)) == {"funnel", "shares"}
