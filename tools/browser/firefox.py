"""Firefox for the tests, with the network closed: just as it is installed, without a driver.

Firefox itself speaks WebDriver BiDi (https://w3c.github.io/webdriver-bidi/), JSON over a WebSocket,
when it is started with --remote-debugging-port. These few lines are all of it that the tests need.
"""

import json
import re
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import websocket

from tools.browser import find

PATIENCE = 120  # seconds for one answer
PREFERENCES = {
    # whatever is not on the disk goes to a proxy that does not exist
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.allow_hijacking_localhost": True,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False,
}

LOADED = """() => document.readyState === "complete" ||
    new Promise((done) => addEventListener("load", () => done(true), { once: true }))"""


class Tab:
    """A tab of Firefox, which lists what it logs and what it asks for in `seen`.

    What was on its way when a page was left has not failed.
    """

    def __init__(self, address):
        self.socket = websocket.create_connection(address, PATIENCE, suppress_origin=True)
        self.number = 0
        self.seen = {"console": [], "requests": [], "failed": []}
        self.send("session.new", capabilities={})
        events = ["log.entryAdded", "network.beforeRequestSent", "network.fetchError"]
        self.send("session.subscribe", events=events)
        self.context = self.send("browsingContext.getTree")["contexts"][0]["context"]

    def send(self, method, **params):
        """Send a command; return its result when it comes."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.number:
                if message["type"] == "error":
                    raise RuntimeError(f"{method}: {message['message']}")
                return message["result"]
            self._note(message.get("method"), message["params"])

    def _note(self, event, params):
        if event == "log.entryAdded":
            self.seen["console"].append(params["text"])
        elif event == "network.beforeRequestSent":
            self.seen["requests"].append(params["request"]["url"])
        elif event == "network.fetchError" and params["errorText"] != "NS_BINDING_ABORTED":
            self.seen["failed"].append(params["request"]["url"])

    def goto(self, address):
        """Open a page; return when it and its scripts are loaded."""
        self.send("browsingContext.navigate", context=self.context, url=address, wait="complete")
        self.evaluate(LOADED)  # Firefox may answer before deferred scripts have run

    def evaluate(self, function, *arguments):
        """Call a JavaScript function in the page, and return what it gives, awaited."""
        given = ", ".join(json.dumps(argument) for argument in arguments)
        answer = self.send(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({function})({given})))()",
            target={"context": self.context},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"].get("value", "null"))


@contextmanager
def firefox(width=1280, height=900, local=False):
    """Start Firefox; give its tab. `local` says that it may reach servers of this machine."""
    path = find.find("firefox")
    if path is None:
        raise RuntimeError(find.missing("firefox"))
    with tempfile.TemporaryDirectory() as profile:
        settings = PREFERENCES | {"network.proxy.allow_hijacking_localhost": not local}
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in settings.items()]
        (Path(profile) / "user.js").write_text("\n".join(lines))
        process = subprocess.Popen(
            [path, "--headless", "--no-remote", "--profile", profile]
            + ["--remote-debugging-port", "0", "--width", str(width), "--height", str(height)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            lines = []
            for line in process.stderr:
                lines.append(line)
                if address := re.search(r"BiDi listening on (ws://\S+)", line):
                    tab = Tab(address[1] + "/session")
                    yield tab
                    tab.send("browser.close")
                    process.wait(PATIENCE)
                    break
            else:
                raise RuntimeError("Firefox did not start:\n" + "".join(lines))
        finally:
            process.kill()
            process.wait()
