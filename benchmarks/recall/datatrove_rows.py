"""Says which rows datatrove's filter flags; run in the environment of the peers, which has
datatrove but not curate.

    python -m benchmarks.recall.datatrove_rows FOLDER

reads FOLDER/items.jsonl and FOLDER/rows.jsonl (a JSON list of user turns a line) and prints one
JSON list of booleans."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.speed.peers import datatrove_filter, read_items, read_rows


def flags(folder: Path) -> list[bool]:
    """Whether each row is flagged."""
    decontaminate = datatrove_filter(read_items(folder), query_ngrams=True)
    from datatrove.data import Document

    rows = ["\n".join(turns) for turns in read_rows(folder, "rows")]
    return [
        decontaminate.filter(Document(text=text, id=str(i))) is not True
        for i, text in enumerate(rows)
    ]


if __name__ == "__main__":
    print(json.dumps(flags(Path(sys.argv[1]))))
