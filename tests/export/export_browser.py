"""A headless Chromium for page tests, spoken to over the DevTools protocol with a plain websocket."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import websocket

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio",
    "--autoplay-policy=no-user-gesture-required", "--remote-debugging-port=0", "--hide-scrollbars",
]  # fmt: skip
START_LIMIT_S = 60


def find_chromium() -> str | None:
    """Path of a Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser:
    """One Chromium process with a profile of its own."""

    def __init__(self, binary: str, profile: Path) -> None:
        self.process = subprocess.Popen(
            [binary, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(profile)},
        )
        port_file = profile / "DevToolsActivePort"
        limit_s = time.monotonic() + START_LIMIT_S
        while not (port_file.exists() and "\n" in port_file.read_text()):
            if time.monotonic() > limit_s or self.process.poll() is not None:
                self.close()
                raise RuntimeError("Chromium did not start")
            time.sleep(0.05)
        self.port = int(port_file.read_text().split("\n")[0])

    def open(
        self, width_px: int = 1280, height_px: int = 860, *, dark: bool = False, phone: bool = False
    ) -> Page:
        """A new tab of the given size."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(request, timeout=20) as reply:
            target = json.load(reply)
        page = Page(
            websocket.create_connection(target["webSocketDebuggerUrl"], timeout=40, suppress_origin=True)
        )
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        page.call(
            "Emulation.setDeviceMetricsOverride",
            width=width_px, height=height_px, deviceScaleFactor=2 if phone else 1, mobile=phone,
        )  # fmt: skip
        page.media(dark=dark)
        return page

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)


class Page:
    """One tab: go somewhere, run script, press keys, click, take pictures; what it complains of is kept."""

    def __init__(self, socket: websocket.WebSocket) -> None:
        self.socket, self.number = socket, 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def go(self, address: str) -> None:
        self.call("Page.navigate", url=address)
        self.until("document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """Value of an expression; promises are waited for."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def until(self, script: str, limit_s: float = 15) -> Any:
        """Wait until an expression is true."""
        limit = time.monotonic() + limit_s
        while not (value := self.run(script)):
            if time.monotonic() > limit:
                raise AssertionError(f"never true: {script}")
            time.sleep(0.04)
        return value

    def press(self, key: str, code: int = 0, text: str = "", modifiers: int = 0) -> None:
        """Press a key; ``modifiers`` 8 is shift."""
        common = {"key": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        typed = text or (key if len(key) == 1 else "")
        self.call("Input.dispatchKeyEvent", type="keyDown", text=typed, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def click(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def move(self, x: float, y: float) -> None:
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def wheel(self, x: float, y: float, by_px: float) -> None:
        self.call("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=by_px)

    def box(self, selector: str) -> dict[str, float]:
        """Where an element lies in the window."""
        return self.run(f"(() => {{const b = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
                        "return {x: b.x, y: b.y, width: b.width, height: b.height}})()")  # fmt: skip

    def media(self, *, dark: bool = False, still: bool = False) -> None:
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"},
        ]
        self.call("Emulation.setEmulatedMedia", features=features)

    def complaints(self, *, ignore: str = "\0") -> list[str]:
        """Errors and warnings of the console, uncaught exceptions, violated policies."""
        self.run("new Promise(done => setTimeout(done, 50))")
        found = []
        for event in self.events:
            params = event.get("params", {})
            if event["method"] == "Runtime.exceptionThrown":
                found.append(json.dumps(params["exceptionDetails"])[:600])
            elif event["method"] == "Log.entryAdded" and params["entry"]["level"] in {"error", "warning"}:
                found.append(params["entry"]["text"])
            elif event["method"] == "Runtime.consoleAPICalled" and params["type"] in {
                "error",
                "warning",
                "assert",
            }:
                found.append(json.dumps(params["args"]))
        return [text for text in found if ignore not in text]

    def requests(self) -> list[str]:
        """Addresses that were asked for."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """A screenshot as PNG."""
        reply = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(reply["data"]))

    def close(self) -> None:
        self.call("Page.close")
        self.socket.close()
