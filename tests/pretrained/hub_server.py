"""A Hugging Face Hub on this machine with one model, reached over HTTP by the Hub's own package."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

COMMIT = "c" * 40
ID = "someone/tiny-llama"


class _Handler(BaseHTTPRequestHandler):
    folder: Path

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        path = self.path.partition("?")[0]
        files = {file.name: file for file in self.folder.iterdir()}
        name = path.rpartition("/")[2]
        if path.startswith(f"/api/models/{ID}/tree/"):
            sizes = {name: file.stat().st_size for name, file in files.items()}
            tree = [{"type": "file", "path": name, "size": size, "oid": COMMIT} for name, size in sizes.items()]
            self._send(200, json.dumps(tree).encode(), {"Content-Type": "application/json"}, with_body)
        elif path.startswith(f"/api/models/{ID}"):
            siblings = [{"rfilename": file.name, "size": file.stat().st_size} for file in files.values()]
            body = json.dumps({"id": ID, "sha": COMMIT, "siblings": siblings}).encode()
            self._send(200, body, {"Content-Type": "application/json"}, with_body)
        elif path.startswith(f"/{ID}/resolve/") and name in files:
            body = files[name].read_bytes()
            headers = {"ETag": f'"{hashlib.sha256(body).hexdigest()}"', "X-Repo-Commit": COMMIT}
            self._send(200, body, headers, with_body)
        else:
            code = "RepoNotFound" if ID not in path else "EntryNotFound"
            self._send(404, b"", {"X-Error-Code": code}, with_body)

    def _send(self, status: int, body: bytes, headers: dict[str, str], with_body: bool) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)


@contextmanager
def hub_with(folder: Path) -> Iterator[str]:
    """Serve the model in `folder` as ID; yields the address for HF_ENDPOINT."""
    handler = type("Handler", (_Handler,), {"folder": folder})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
