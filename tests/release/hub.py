"""A Hub on this machine: enough of its HTTP interface for `huggingface_hub` to make a data set, to
upload to it by LFS (Xet is off), to commit, and to list what lies there. Faults can be planted."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

TOKEN = "hf_of-the-test"


@dataclass
class Repo:
    """A data set: its files as their bytes, and which of them are in LFS."""

    private: bool
    files: dict[str, bytes] = field(default_factory=dict)
    lfs: set[str] = field(default_factory=set)
    commits: list[list[dict[str, Any]]] = field(default_factory=list)

    @property
    def sha(self) -> str:
        return hashlib.sha1(str(len(self.commits)).encode()).hexdigest()


@dataclass
class Hub:
    """All data sets by name, all blobs by their SHA-256, what was asked, and what goes wrong."""

    url: str = ""
    repos: dict[str, Repo] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    writers: set[str] = field(default_factory=lambda: {"org"})
    failing_puts: int = 0
    """How many uploads are still refused."""
    spoils: str | None = None
    """A file of which the last byte is changed when it is committed."""

    def puts(self) -> int:
        return sum(method == "PUT" for method, _ in self.asked)


class Answers(BaseHTTPRequestHandler):
    hub: ClassVar[Hub]
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            found = b""
            while size := int(self.rfile.readline(), 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _say(self, told: Any, status: int = 200) -> None:
        text = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if status >= 400:
            self.send_header("X-Error-Message", told["error"])
            if "code" in told:
                self.send_header("X-Error-Code", told["code"])
        self.end_headers()
        self.wfile.write(text)

    def _handle(self) -> None:
        body = self._body()
        path = self.path.split("?")[0]
        self.hub.asked.append((self.command, path))
        if self.command == "PUT":
            return self._put(path, body)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._say({"error": "Invalid credentials in Authorization header"}, 401)
        if path == "/api/validate-yaml":
            return self._say({"errors": [], "warnings": []})
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if match := re.fullmatch(r"/datasets/([\w-]+/[\w-]+)\.git/info/lfs/objects/batch", path):
            return self._batch(json.loads(body))
        match = re.fullmatch(r"/api/datasets/([\w-]+/[\w-]+)(?:/(\w+)/([\w%.-]+))?", path)
        assert match, path
        return self._of_repo(match[1], match[2] or "info", body)

    do_GET = do_POST = do_PUT = do_HEAD = _handle

    def _create(self, given: dict[str, Any]) -> None:
        name = f"{given['organization']}/{given['name']}"
        if given["organization"] not in self.hub.writers:
            return self._say({"error": "You don't have the rights to create here"}, 403)
        self.hub.repos[name] = Repo(
            given.get("visibility") == "private" or given.get("private", False)
        )
        return self._say({"url": f"{self.hub.url}/datasets/{name}", "name": name})

    def _batch(self, given: dict[str, Any]) -> None:
        objects = []
        for one in given["objects"]:
            action = {"upload": {"href": f"{self.hub.url}/blob/{one['oid']}"}}
            new = one["oid"] not in self.hub.blobs
            objects.append(one | ({"actions": action} if new else {}))
        self._say({"transfer": "basic", "objects": objects})

    def _put(self, path: str, body: bytes) -> None:
        if self.hub.failing_puts:
            self.hub.failing_puts -= 1
            return self._say({"error": "the storage is out of order"}, 400)
        digest = path.rpartition("/")[2]
        assert hashlib.sha256(body).hexdigest() == digest
        self.hub.blobs[digest] = body
        return self._say({})

    def _of_repo(self, name: str, what: str, body: bytes) -> None:
        repo = self.hub.repos.get(name)
        if repo is None:
            return self._say({"error": "Repository not found", "code": "RepoNotFound"}, 404)
        if what in ("info", "revision"):
            files = [{"rfilename": path} for path in sorted(repo.files)]
            told = {"id": name, "private": repo.private, "sha": repo.sha, "siblings": files}
            return self._say(told)
        if what == "tree":
            return self._say([self._entry(repo, path) for path in sorted(repo.files)])
        if name.split("/")[0] not in self.hub.writers:
            return self._say({"error": "Forbidden: pass a token that may write"}, 403)
        if what == "preupload":
            return self._say(
                {"files": [self._mode(repo, one) for one in json.loads(body)["files"]]}
            )
        return self._commit(name, repo, [json.loads(line) for line in body.splitlines()])

    def _mode(self, repo: Repo, file: dict[str, Any]) -> dict[str, Any]:
        lfs = file["path"].endswith((".parquet", ".duckdb"))
        entry = self._entry(repo, file["path"]) if file["path"] in repo.files else {}
        oid = entry.get("lfs", entry).get("oid")
        mode = "lfs" if lfs else "regular"
        return {"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid}

    def _entry(self, repo: Repo, path: str) -> dict[str, Any]:
        content = repo.files[path]
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        entry = {"type": "file", "path": path, "size": len(content), "oid": blob}
        if path not in repo.lfs:
            return entry
        digest = hashlib.sha256(content).hexdigest()
        return entry | {"lfs": {"oid": digest, "size": len(content), "pointerSize": 130}}

    def _commit(self, name: str, repo: Repo, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            value = line["value"]
            if line["key"] == "deletedFile":
                del repo.files[value["path"]]
            if line["key"] not in ("file", "lfsFile"):
                continue
            if line["key"] == "lfsFile":
                repo.lfs.add(value["path"])
                content = self.hub.blobs[value["oid"]]
            else:
                content = base64.b64decode(value["content"])
            if value["path"] == self.hub.spoils:
                content = content[:-1] + bytes([content[-1] ^ 1])
            repo.files[value["path"]] = content
        repo.commits.append(lines)
        url = f"{self.hub.url}/datasets/{name}/commit/{repo.sha}"
        self._say({"success": True, "commitOid": repo.sha, "commitUrl": url})


@contextmanager
def running() -> Iterator[Hub]:
    """A Hub that answers until the block ends."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Answers,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
