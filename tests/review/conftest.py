"""A build with something to judge: several matchers on one pair, equal texts, a variant, a suspect
and a near miss.
"""

from __future__ import annotations

from uuid import UUID

from tests.audit import conftest as rows
from tests.audit.conftest import made

__all__ = ["made"]


def judgeable() -> dict[str, rows.Rows]:
    """Three cases of hits and one of a near miss."""
    tables = rows.example_tables()
    tables["documents"][0]["content_hash"] = UUID(int=77)
    tables["texts"] += [
        {"doc_id": "chat/0", "turn": 0, "role": "user", "text": "Nobody has something else."},
        {
            "doc_id": "chat/2",
            "turn": 0,
            "role": "user",
            "text": "Natalia sold 72 clips to some friends in May.",
        },
        {"doc_id": "math/2", "turn": 0, "role": "user", "text": rows.LEAK},
    ]
    end = {"turn": 1, "start": 90, "stop": len(rows.LEAK)}
    tables["matches"] += [
        rows.match(
            "chat",
            1,
            "gsm8k/0",
            1.0,
            matcher="exact",
            doc_spans=[end],
            item_spans=[{"start": 78, "stop": 85}],
        ),
        rows.match("chat", 1, "gsm8k/0", 0.4, matcher="robust"),
        rows.match("chat", 2, "gsm8k/0", 0.7, matcher="robust", label="variant"),
        rows.match("chat", 0, "mine/0", 0.99, matcher="semantic", label="suspect"),
        rows.match("math", 2, "gsm8k/0", 0.842),
    ]
    return tables
