"""A built folder in the files that another trainer reads (`curate export OUT --to TARGET`).

A target is one file here and one entry in `TARGETS`: which kinds it holds, how a record of each
becomes a row, and what else it needs beside the rows. What a target cannot hold (tools, reasoning,
speakers' names, turns in another order) is refused with the row's id: nothing is left out in
silence."""

from __future__ import annotations

from collections.abc import Mapping

from curate.exports.axolotl import AXOLOTL
from curate.exports.llama_factory import LLAMA_FACTORY
from curate.exports.open_instruct import OPEN_INSTRUCT
from curate.exports.openai import OPENAI
from curate.exports.target import Target
from curate.exports.verl import VERL

TARGETS: Mapping[str, Target] = {
    one.name: one for one in (VERL, OPEN_INSTRUCT, LLAMA_FACTORY, AXOLOTL, OPENAI)
}
