"""A Hub on this machine for tests: the real client talks to it over HTTP, nothing leaves the machine."""

import json
import threading
from collections import deque
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from hub_routes import Reply, Request, answer
from hub_store import HubStore, Repo


class LocalHub:
    """A Hub server on a free port of the loopback interface; use it as a context manager.

    Attributes
    ----------
    endpoint : str
        Address, for ``HF_ENDPOINT`` or ``endpoint=``.
    token : str
        The one token that may write, to repositories of ``tester`` and ``org``.
    store : HubStore
        What it holds.
    requests : list of str
        ``METHOD /path`` of every request so far, unquoted and without the query.
    """

    def __init__(self) -> None:
        self.store = HubStore()
        self.token = self.store.token
        self.requests: list[str] = []
        self._planned: deque[Reply | None] = deque()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "LocalHub":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def repo(self, name: str, kind: str = "model") -> Repo:
        """Return a repository as the server holds it."""
        return self.store.repos[kind, name]

    def fail_next(
        self, status: int, times: int = 1, headers: Mapping[str, str] | None = None, after: int = 0
    ) -> None:
        """Answer ``after`` requests normally and the next ones, whatever they are, with this status."""
        reply = Reply({"error": f"injected fault {status}"}, status, dict(headers or {}))
        self._planned.extend([None] * after + [reply] * times)

    def answer(self, request: Request) -> Reply:
        """Record a request and answer it; requests are answered one at a time."""
        with self._lock:
            self.requests.append(f"{request.method} {unquote(request.path)}")
            planned = self._planned.popleft() if self._planned else None
            return planned or answer(self.store, request)


def _handler(hub: LocalHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(
                method=self.command,
                path=url.path,
                query=parse_qs(url.query),
                headers=headers,
                body=self._read_body(),
                endpoint=hub.endpoint,
            )
            self._send(hub.answer(request))

        do_POST = do_PUT = do_HEAD = do_DELETE = do_GET  # noqa: N815

        def _read_body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b""
            while size := int(self.rfile.readline().strip(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _send(self, reply: Reply) -> None:
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet: requests are recorded, not printed."""

    return Handler
