"""A real Chromium without a window, spoken to in its own protocol over two pipes: no driver, no
port, no download.

    with Browser() as browser:
        page = browser.open("file:///tmp/report.html", width=400, dark=True)
        page.run("document.title")
        page.press("ArrowDown")

Everything the page asks the network for and everything it writes to the console is kept.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
# No sandbox: as root Chromium refuses to start with it. The page under test is ours.
FLAGS = """
    --headless --no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run --mute-audio
    --disable-background-networking --disable-component-update --disable-sync --disable-extensions
    --remote-debugging-pipe --hide-scrollbars --force-color-profile=srgb
"""
# Key names to what a real key press sends besides.
CODES = {
    "ArrowDown": 40,
    "ArrowUp": 38,
    "ArrowLeft": 37,
    "ArrowRight": 39,
    "Tab": 9,
    "Enter": 13,
    "Escape": 27,
    "End": 35,
}


def chromium() -> str | None:
    """Where Chromium is, if it is installed."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """A running Chromium; closes with the `with` block."""

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        pipes = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (theirs_in, theirs_out)]
        # Chromium reads commands from 3 and writes answers to 4.
        script = f'exec "$0" "$@" 3<&{pipes[0]} 4>&{pipes[1]} {pipes[0]}<&- {pipes[1]}>&-'
        command = [
            "bash",
            "-c",
            script,
            chromium() or "chromium",
            *FLAGS.split(),
            f"--user-data-dir={self._home.name}",
        ]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(
            [*command, "about:blank"], pass_fds=pipes, stdout=quiet, stderr=quiet
        )
        for fd in (theirs_in, theirs_out, *pipes):
            os.close(fd)
        self._in, self._out, self._buffer, self._last = ours_in, ours_out, b"", 0
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._out)
        os.close(self._in)
        self._process.terminate()
        self._process.wait(30)
        self._home.cleanup()

    def call(self, method: str, session: str | None = None, **given: Any) -> dict[str, Any]:
        """Send one command and give its answer; events that come meanwhile are kept."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": given}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        for answer in self._messages(60):
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)
        raise TimeoutError(method)

    def _messages(self, seconds: float) -> Iterator[dict[str, Any]]:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            while b"\0" in self._buffer:
                message, self._buffer = self._buffer.split(b"\0", 1)
                yield json.loads(message)
            if select.select([self._in], [], [], left)[0]:
                read = os.read(self._in, 1 << 20)
                if not read:
                    raise RuntimeError("Chromium has ended")
                self._buffer += read

    def open(self, url: str, *, width: int = 1280, height: int = 900, dark: bool = False) -> Page:
        """Open a page in a window of that size, and wait until it has loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.call(f"{domain}.enable")
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.call("Emulation.setEmulatedMedia", features=[theme])
        page.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        page.call("Page.navigate", url=url)
        end = time.monotonic() + 60
        while page.run("document.readyState + location.href") != f"complete{url}":
            if time.monotonic() > end:
                raise TimeoutError(url)
            time.sleep(0.02)
        return page


class Page:
    """One open page."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        """Send one command to this page."""
        return self._browser.call(method, self._session, **given)

    def run(self, script: str) -> Any:
        """The value of an expression in the page; what it throws is raised."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press and release a key, as a keyboard does."""
        given: dict[str, Any] = {
            "key": key,
            "windowsVirtualKeyCode": CODES.get(key, ord(key[0].upper())),
        }
        text = {"text": "\r" if key == "Enter" else key} if key == "Enter" or len(key) == 1 else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **given, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **given)

    def click(self, selector: str) -> None:
        """Click the middle of the first element of a selector with the mouse."""
        script = f"""(() => {{ const node = document.querySelector({json.dumps(selector)});
            node.scrollIntoView({{block: "center", inline: "center", behavior: "instant"}});
            const box = node.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()"""
        x, y = self.run(script)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self, path: Path, clip: tuple[float, float, float, float] | None = None) -> None:
        """Save a picture of the window, or of a part (x, y, width, height) of the whole page."""
        part = (
            {}
            if clip is None
            else {
                "clip": dict(zip(("x", "y", "width", "height", "scale"), (*clip, 1), strict=True))
            }
        )
        shot = self.call(
            "Page.captureScreenshot", format="png", captureBeyondViewport=clip is not None, **part
        )
        path.write_bytes(base64.b64decode(shot["data"]))

    def _events(self, method: str) -> list[dict[str, Any]]:
        self.run("1")  # an answer comes after the events before it
        mine = [
            e
            for e in self._browser.events
            if e.get("sessionId") == self._session and e.get("method") == method
        ]
        return [event["params"] for event in mine]

    def requests(self) -> list[str]:
        """Every address the page has asked for, itself first."""
        return [event["request"]["url"] for event in self._events("Network.requestWillBeSent")]

    def complaints(self) -> list[str]:
        """Everything that was written to the console or to the browser's log, and every error
        nobody caught.
        """
        logs = [event["entry"]["text"] for event in self._events("Log.entryAdded")]
        said = [str(event["args"]) for event in self._events("Runtime.consoleAPICalled")]
        return (
            logs
            + said
            + [
                event["exceptionDetails"]["text"]
                for event in self._events("Runtime.exceptionThrown")
            ]
        )
