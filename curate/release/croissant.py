"""`croissant.json`: a built folder in the vocabulary of MLCommons' Croissant 1.1.

One file object a file of rows, with its size and SHA-256; one record set a configuration, with its
columns; one entry a source that the rows come from, with its licence, revision and digests
(`prov:wasDerivedFrom`). It holds no time, so that the same folder gives the same text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curate.card import KIND_WORDS
from curate.files import kind_of
from curate.lock import LOCK
from curate.shards import sha256

CROISSANT = "croissant.json"
CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
Files = Mapping[str, tuple[int, str]]
"""Path from the folder's root -> bytes and SHA-256."""

_CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{
        name: f"cr:{name}"
        for name in (
            "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract",
            "field", "fileProperty", "fileObject", "fileSet", "format", "includes", "isArray",
            "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet",
            "references", "regex", "repeated", "replace", "samplingRate", "separator", "source",
            "subField", "transform",
        )
    },
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "prov": "http://www.w3.org/ns/prov#",
    "sc": "https://schema.org/",
}  # fmt: skip
_MIME = {
    "parquet": "application/x-parquet",
    "json lines": "application/jsonl",
    "json": "application/json",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
}


def croissant_text(
    folder: Path,
    lock: Mapping[str, Any],
    configs: Mapping[str, Mapping[str, Sequence[str]]],
    files: Files,
) -> str:
    """The JSON-LD of a folder whose rows are those of `configs`."""
    recipe = lock["recipe"]
    named = (path for splits in configs.values() for own in splits.values() for path in own)
    licences = sorted({str(one["licence"]) for one in recipe["sources"] if one.get("licence")})
    described = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": recipe["name"],
        "description": f"{KIND_WORDS[recipe['kind']].capitalize()}, built by curate; {LOCK} "
        f"(sha256 {sha256(folder / LOCK)}) names every input and output.",
        **({"license": licences} if licences else {}),
        "version": "1.0.0",
        "isLiveDataset": False,
        "distribution": [_object(path, *files[path]) for path in dict.fromkeys(named)],
        "recordSet": [
            one for name, splits in configs.items() for one in _sets(folder, name, splits)
        ],
        "prov:wasDerivedFrom": [_source(one, lock) for one in recipe["sources"]],
    }
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


def _object(path: str, size: int, digest: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path.rpartition("/")[2],
        "contentUrl": path,
        "contentSize": f"{size} B",
        "encodingFormat": _MIME.get(kind_of(path) or "", "application/octet-stream"),
        "sha256": digest,
    }


def _sets(folder: Path, name: str, splits: Mapping[str, Sequence[str]]) -> Iterator[dict[str, Any]]:
    """A record set for each file of Parquet: a reader of one file needs no other."""
    for split, paths in splits.items():
        for place, path in enumerate(paths):
            if not path.endswith(".parquet"):
                continue
            own = f"{name}/{split}" + (f"/{place}" if len(paths) > 1 else "")
            schema = pq.read_schema(folder / path)
            yield {
                "@type": "cr:RecordSet",
                "@id": own,
                "name": own,
                "description": f"{split} of configuration {name}, in {path}",
                "field": [_field(own, one, path) for one in schema],
            }


def _field(parent: str, column: pa.Field, path: str, top: str | None = None) -> dict[str, Any]:
    """A column as a field; what lies in structs and lists as fields of it, by a path in JSON."""
    kind, many = column.type, False
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        kind, many = kind.value_type, True
    own = f"{parent}/{column.name}"
    extract: dict[str, Any] = {"extract": {"column": top or column.name}}
    if top is not None:
        extract["transform"] = {"jsonPath": column.name}
    found: dict[str, Any] = {"@type": "cr:Field", "@id": own, "name": column.name}
    if many:
        found |= {"isArray": True, "arrayShape": "-1"}
    if pa.types.is_struct(kind) and top is None:
        return found | {"subField": [_field(own, one, path, column.name) for one in kind]}
    return found | {"dataType": _type(kind), "source": {"fileObject": {"@id": path}, **extract}}


def _type(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_integer(kind):
        return "sc:Integer"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "sc:Float"
    return "sc:Date" if pa.types.is_temporal(kind) else "sc:Text"


def _source(given: Mapping[str, Any], lock: Mapping[str, Any]) -> dict[str, Any]:
    """A source as the lock has it: where it is from, its licence, revision and digests."""
    read = lock["inputs"]["sources"][given["name"]]
    parts = [
        {
            "@type": "sc:DataDownload",
            "name": name.rpartition("/")[2],
            "contentSize": f"{file['bytes']} B",
            "sha256": file["sha256"],
        }
        for name, file in sorted((read.get("files") or {}).items())
    ]
    return {
        "@type": "prov:Entity",
        "name": given["name"],
        "url": given["from"],
        **({"license": given["licence"]} if given.get("licence") else {}),
        **({"version": read["revision"]} if read.get("revision") else {}),
        **({"hasPart": parts} if parts else {}),
    }
