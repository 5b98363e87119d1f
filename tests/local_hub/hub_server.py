"""A Hub on this machine for tests: the real client talks to it over HTTP, nothing leaves the machine."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import hub_files  # noqa: F401  (registers its routes)
from hub_faults import Fault, Faults
from hub_routes import Reply, Request, answer
from hub_store import HubStore, Repo


class LocalHub:
    """A Hub server on a free port of the loopback interface; use it as a context manager.

    It keeps models, datasets and spaces with their commits, branches, tags and pull requests in memory, and
    answers what huggingface_hub 1 and 2 ask of a Hub to publish and to fetch them.

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
    faults : Faults
        What requests to come will meet in place of an answer; none at first.
    """

    def __init__(self) -> None:
        self.store = HubStore()
        self.token = self.store.token
        self.requests: list[str] = []
        self.faults = Faults()
        self.closed = threading.Event()
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
        self.closed.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def repo(self, name: str, kind: str = "model") -> Repo:
        """Return a repository as the server holds it."""
        return self.store.repos[kind, name]

    def sent(self, method: str, path: str = "") -> list[str]:
        """Return the recorded requests of a method whose path contains a text."""
        return [line for line in self.requests if line.startswith(f"{method} ") and path in line]

    def meet(self, method: str, path: str) -> Fault | None:
        """Record a request and return the fault that it meets, if any."""
        line = f"{method} {unquote(path)}"
        with self._lock:
            self.requests.append(line)
        return self.faults.meet(line)

    def answer(self, request: Request) -> Reply:
        """Carry out a request and answer it, one request at a time."""
        with self._lock:
            return answer(self.store, request)


def _refusal(fault: Fault) -> Reply:
    if fault.html:
        page = f"<html><body>{fault.message}</body></html>".encode()
        return Reply(page, fault.status, dict(fault.headers), "text/html")
    return Reply({"error": fault.message}, fault.status, dict(fault.headers))


def _handler(hub: LocalHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            fault = hub.meet(self.command, url.path)
            if fault is not None and fault.body_share < 1:
                self.rfile.read(int(fault.body_share * int(self.headers.get("Content-Length") or 0)))
                return self._hang_up()
            request = self._request(url.path, parse_qs(url.query))
            if fault is None:
                return self._send(hub.answer(request))
            if fault.status is not None:
                return self._send(_refusal(fault))
            if fault.carried_out:
                hub.answer(request)
            if fault.stalls:
                hub.closed.wait(30)
            return self._hang_up()

        def _request(self, path: str, query: dict[str, list[str]]) -> Request:
            headers = {name.lower(): value for name, value in self.headers.items()}
            return Request(self.command, path, query, headers, self._read_body(), hub.endpoint)

        def _hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

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
