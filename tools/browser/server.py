"""A small web server for the tests: it compresses what it sends, as a site's server does."""

import gzip
import io
from contextlib import contextmanager, suppress
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

PACKED = {".gz", ".png", ".webp", ".woff2", ".zip"}  # these are compressed already


@cache
def packed(path, changed):
    """Return a file as gzip."""
    return gzip.compress(Path(path).read_bytes(), 6, mtime=0)


class Compressing(SimpleHTTPRequestHandler):
    """Serves a folder below a path such as /course/hw3/."""

    protocol_version = "HTTP/1.1"
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".woff2": "font/woff2"}

    def __init__(self, *args, base="/", **kwargs):
        self.base = base
        super().__init__(*args, **kwargs)

    def translate_path(self, path):
        """Return the file of an address; none of those outside `base` has one."""
        inside = path.startswith(self.base)
        return super().translate_path(
            path.removeprefix(self.base.rstrip("/")) if inside else "/404"
        )

    def send_head(self):
        """Send the headers; return what follows them, compressed if it is asked for so."""
        path = Path(self.translate_path(self.path))
        accepted = "gzip" in self.headers.get("Accept-Encoding", "")
        if not accepted or not path.is_file() or path.suffix in PACKED:
            return super().send_head()
        body = packed(path, path.stat().st_mtime_ns)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def handle(self):
        """Answer, unless the browser has closed its window meanwhile."""
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, *args):
        """Say nothing."""


@contextmanager
def serving(folder, base="/"):
    """Serve a folder while the block runs; give its address, which ends with `base`."""
    handler = partial(Compressing, directory=str(folder), base=base)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{base}"
        server.shutdown()


if __name__ == "__main__":
    # python -m tools.browser.server _build/html 8000: to look at, or for Lighthouse
    import sys

    handler = partial(Compressing, directory=sys.argv[1])
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), handler).serve_forever()
