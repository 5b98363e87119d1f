"""The part of the Hub's HTTP interface that its Python client uses, as one function per route."""

import base64
import fnmatch
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from hub_store import DATE, Commit, File, HubError, HubStore, Repo

LARGE_FILES = ("*.safetensors", "*.bin", "*.pt", "*.npz", "*.parquet", "*.arrow", "*.h5")


@dataclass(frozen=True)
class Request:
    """One request as it was received; ``path`` is still quoted, ``query`` is not."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    endpoint: str

    @property
    def token(self) -> str | None:
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token if kind == "Bearer" else None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """An answer; anything but bytes is sent as JSON."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


Route = Callable[..., Reply]
ROUTES: list[tuple[str, re.Pattern[str], Route]] = []
REPO = r"/api/(models|datasets|spaces)/([^/]+/[^/]+)"


def route(methods: str, pattern: str) -> Callable[[Route], Route]:
    """Register a function ``(store, request, *groups)`` for methods and a pattern of the quoted path."""

    def register(function: Route) -> Route:
        ROUTES.append((methods, re.compile(pattern), function))
        return function

    return register


def answer(store: HubStore, request: Request) -> Reply:
    """Find the route of a request and return its answer, or the answer to a refused request."""
    for methods, pattern, function in ROUTES:
        match = pattern.fullmatch(request.path)
        if match and request.method in methods.split():
            try:
                return function(store, request, *(unquote(group or "") for group in match.groups()))
            except HubError as error:
                headers = {"X-Error-Code": error.code, "X-Error-Message": error.message}
                return Reply({"error": error.message}, error.status, headers)
    return Reply({"error": f"no route {request.method} {request.path}"}, 404)


@route("GET", "/api/whoami-v2")
def whoami(store: HubStore, request: Request) -> Reply:
    if request.token != store.token:
        raise HubError(401, "", "Invalid credentials in Authorization header")
    organisations = [{"type": "org", "name": name} for name in store.organisations]
    access = {"type": "access_token", "accessToken": {"displayName": "tests", "role": "write"}}
    return Reply({"type": "user", "id": "1", "name": store.user, "orgs": organisations, "auth": access})


@route("POST", "/api/validate-yaml")
def validate_yaml(store: HubStore, request: Request) -> Reply:
    found = re.match(r"^---\s*\n(.*?)\n---", request.json["content"], re.DOTALL)
    warnings = [] if found else [{"message": "empty or missing yaml metadata in repo card"}]
    return Reply({"errors": [], "warnings": warnings})


@route("POST", "/api/repos/create")
def create_repo(store: HubStore, request: Request) -> Reply:
    wanted = request.json
    name = f"{wanted.get('organization') or store.user}/{wanted['name']}"
    key = (wanted.get("type") or "model", name)
    store.require_write(name, request.token)
    url = f"{request.endpoint}/{name}"
    if key in store.repos:
        return Reply({"error": "You already created this model repo", "url": url}, 409)
    store.repos[key] = Repo(name, private=wanted.get("visibility") == "private")
    return Reply({"url": url, "name": name, "id": name})


@route("GET HEAD", REPO + r"(?:/revision/([^/]+))?")
def repo_info(store: HubStore, request: Request, kind: str, name: str, revision: str) -> Reply:
    repo = store.repo(kind[:-1], name, request.token)
    commit = repo.resolve(revision or "main")
    about = {"_id": "1", "id": name, "modelId": name, "sha": commit.oid, "private": repo.private}
    dates = {"lastModified": DATE, "createdAt": DATE}
    state = {"gated": False, "disabled": False, "downloads": 0, "likes": 0, "tags": []}
    return Reply(about | dates | state | {"siblings": [{"rfilename": path} for path in sorted(commit.files)]})


@route("POST", REPO + r"/preupload/([^/]+)")
def preupload(store: HubStore, request: Request, kind: str, name: str, revision: str) -> Reply:
    store.require_write(name, request.token)
    present = store.repo(kind[:-1], name, request.token).resolve(revision).files
    answers = []
    for file in request.json["files"]:
        path = file["path"]
        large = file["size"] > 10_000_000 or any(fnmatch.fnmatch(path, pattern) for pattern in LARGE_FILES)
        oid = present[path].etag if path in present else None
        answers.append(
            {"path": path, "uploadMode": "lfs" if large else "regular", "shouldIgnore": False, "oid": oid}
        )
    return Reply({"files": answers})


@route("POST", REPO + r"/commit/([^/]+)")
def commit(store: HubStore, request: Request, kind: str, name: str, branch: str) -> Reply:
    store.require_write(name, request.token)
    repo = store.repo(kind[:-1], name, request.token)
    parent = repo.resolve(branch)
    lines = [json.loads(line) for line in request.body.splitlines() if line.strip()]
    header = next(line["value"] for line in lines if line["key"] == "header")
    if header.get("parentCommit") not in (None, parent.oid):
        raise HubError(412, "", "A commit has happened since. Please refresh and try again.")
    files = dict(parent.files)
    for line in lines:
        _apply(store, files, line["key"], line["value"])
    new = repo.commit(branch, files, header.get("summary", ""))
    url = f"{request.endpoint}/{name}/commit/{new.oid}"
    return Reply({"success": True, "commitOid": new.oid, "commitUrl": url, "hookOutput": ""})


def _apply(store: HubStore, files: dict[str, File], action: str, value: dict[str, Any]) -> None:
    if action == "file":
        files[value["path"]] = File(base64.b64decode(value["content"]))
    elif action == "lfsFile":
        if value["oid"] not in store.large_files:
            raise HubError(400, "", f"LFS object {value['oid']} was not uploaded")
        files[value["path"]] = File(store.large_files[value["oid"]], lfs=True)
    elif action == "deletedFile":
        if files.pop(value["path"], None) is None:
            raise HubError(404, "EntryNotFound", "A file with this name doesn't exist")
    elif action == "deletedFolder":
        for path in [path for path in files if path.startswith(value["path"].rstrip("/") + "/")]:
            del files[path]


@route("GET", REPO + r"/tree/([^/]+)(?:/(.+))?")
def tree(store: HubStore, request: Request, kind: str, name: str, revision: str, folder: str) -> Reply:
    commit = store.repo(kind[:-1], name, request.token).resolve(revision)
    recursive = request.query.get("recursive", ["false"])[0].lower() in ("true", "1")
    start = f"{folder}/" if folder else ""
    entries: dict[str, dict[str, Any]] = {}
    for path, file in sorted(commit.files.items()):
        if not path.startswith(start):
            continue
        inside, slash, _ = path[len(start) :].partition("/")
        if slash and not recursive:
            entries[start + inside] = {
                "type": "directory",
                "path": start + inside,
                "size": 0,
                "oid": "0" * 40,
            }
        else:
            entries[path] = _entry(path, file)
    if folder and not entries:
        raise HubError(404, "EntryNotFound", f"{folder} does not exist")
    return Reply(list(entries.values()))


@route("POST", REPO + r"/paths-info/([^/]+)")
def paths_info(store: HubStore, request: Request, kind: str, name: str, revision: str) -> Reply:
    files = store.repo(kind[:-1], name, request.token).resolve(revision).files
    is_json = request.body[:1] == b"{"
    paths = (request.json if is_json else parse_qs(request.body.decode())).get("paths", [])
    return Reply([_entry(path, files[path]) for path in paths if path in files])


def _entry(path: str, file: File) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "path": path, "size": len(file.data), "oid": file.oid}
    if file.lfs:
        entry["lfs"] = {"oid": file.sha256, "size": len(file.data), "pointerSize": 130}
    return entry


@route("GET", REPO + "/refs")
def refs(store: HubStore, request: Request, kind: str, name: str) -> Reply:
    repo = store.repo(kind[:-1], name, request.token)

    def listed(table: dict[str, Commit], kind: str) -> list[dict[str, str]]:
        return [
            {"name": ref, "ref": f"refs/{kind}/{ref}", "targetCommit": commit.oid}
            for ref, commit in table.items()
        ]

    branches, tags = listed(repo.branches, "heads"), listed(repo.tags, "tags")
    return Reply({"branches": branches, "tags": tags, "converts": [], "pullRequests": []})


@route("GET", REPO + r"/commits/([^/]+)")
def history(store: HubStore, request: Request, kind: str, name: str, revision: str) -> Reply:
    at: Commit | None = store.repo(kind[:-1], name, request.token).resolve(revision)
    entries = []
    while at is not None:
        author = [{"user": store.user}]
        entries.append({"id": at.oid, "title": at.title, "message": "", "date": DATE, "authors": author})
        at = at.parent
    return Reply(entries)


@route("POST", REPO + r"/tag/([^/]+)")
def create_tag(store: HubStore, request: Request, kind: str, name: str, revision: str) -> Reply:
    store.require_write(name, request.token)
    repo = store.repo(kind[:-1], name, request.token)
    if request.json["tag"] in repo.tags:
        raise HubError(409, "", "Tag reference exists already")
    repo.tags[request.json["tag"]] = repo.resolve(revision)
    return Reply({})


@route("DELETE", REPO + r"/tag/([^/]+)")
def delete_tag(store: HubStore, request: Request, kind: str, name: str, tag: str) -> Reply:
    store.require_write(name, request.token)
    if store.repo(kind[:-1], name, request.token).tags.pop(tag, None) is None:
        raise HubError(404, "RevisionNotFound", f"Invalid rev id: {tag}")
    return Reply({})


@route("POST", REPO + r"/branch/([^/]+)")
def create_branch(store: HubStore, request: Request, kind: str, name: str, branch: str) -> Reply:
    store.require_write(name, request.token)
    repo = store.repo(kind[:-1], name, request.token)
    if branch in repo.branches:
        raise HubError(409, "", "Reference already exists")
    start = request.json.get("startingPoint") if request.body else None
    repo.branches[branch] = repo.resolve(start or "main")
    return Reply({})


@route("POST", r"/(?:(?:datasets|spaces)/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch")
def lfs_batch(store: HubStore, request: Request, name: str) -> Reply:
    store.require_write(name, request.token)
    objects = []
    for wanted in request.json["objects"]:
        oid = wanted["oid"]
        answer = {"oid": oid, "size": wanted["size"]}
        if oid not in store.large_files:
            answer["actions"] = {
                "upload": {"href": f"{request.endpoint}/large-files/{oid}"},
                "verify": {"href": f"{request.endpoint}/large-files/{oid}/verify"},
            }
        objects.append(answer)
    return Reply({"transfer": "basic", "objects": objects}, content_type="application/vnd.git-lfs+json")


@route("PUT", "/large-files/([0-9a-f]{64})")
def lfs_upload(store: HubStore, request: Request, oid: str) -> Reply:
    if File(request.body).sha256 != oid:
        raise HubError(400, "", "the content does not have this hash")
    store.large_files[oid] = request.body
    return Reply()


@route("POST", "/large-files/([0-9a-f]{64})/verify")
def lfs_verify(store: HubStore, request: Request, oid: str) -> Reply:
    if oid not in store.large_files:
        raise HubError(404, "EntryNotFound", f"LFS object {oid} was not uploaded")
    return Reply()


@route("GET HEAD", r"/(?:(datasets|spaces)/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
def download(store: HubStore, request: Request, kind: str, name: str, revision: str, path: str) -> Reply:
    commit = store.repo(kind[:-1] or "model", name, request.token).resolve(revision)
    if path not in commit.files:
        headers = {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit.oid}
        return Reply({"error": "Entry not found"}, 404, headers)
    file = commit.files[path]
    headers = {"X-Repo-Commit": commit.oid, "ETag": f'"{file.etag}"', "Accept-Ranges": "bytes"}
    if file.lfs:
        headers |= {"X-Linked-Etag": f'"{file.sha256}"', "X-Linked-Size": str(len(file.data))}
    wanted = re.match(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if wanted is None or request.method == "HEAD":
        return Reply(file.data, headers=headers, content_type="application/octet-stream")
    first, last = int(wanted[1]), min(int(wanted[2] or len(file.data) - 1), len(file.data) - 1)
    headers["Content-Range"] = f"bytes {first}-{last}/{len(file.data)}"
    return Reply(file.data[first : last + 1], 206, headers, "application/octet-stream")
