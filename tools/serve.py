"""Open this book in the browser, from a small server on this computer alone: python serve.py

The pages can be read without it. Their Python needs it: browsers start none from a folder.
"""

import sys
import webbrowser
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Pages(SimpleHTTPRequestHandler):
    """Serves the folder of this file, whatever the system thinks of the names of files."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
        ".webp": "image/webp",
    }

    def log_message(self, *args):
        """Say nothing."""


def main():
    """Serve until Ctrl-C."""
    handler = partial(Pages, directory=str(Path(__file__).parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        address = f"http://127.0.0.1:{server.server_port}/book/index.html"
        print(f"The book is at {address} until you press Ctrl-C.", flush=True)
        if "--no-browser" not in sys.argv:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
