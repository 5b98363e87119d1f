"""The part of the Hub's HTTP interface that its Python client uses: repositories, one function per route."""

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
    url = _page(request, f"{key[0]}s", name)
    if key in store.repos:
        return Reply({"error": f"You already created this {key[0]} repo", "url": url}, 409)
    if key[0] == "space" and not wanted.get("sdk"):
        raise HubError(400, "", "a Space needs an sdk")
    store.repos[key] = Repo(name, private=wanted.get("visibility") == "private", sdk=wanted.get("sdk"))
    return Reply({"url": url, "name": name, "id": name})


def _page(request: Request, kind: str, name: str) -> str:
    """Return the address of a repository for people; that of a model names no kind."""
    return f"{request.endpoint}/{name}" if kind == "models" else f"{request.endpoint}/{kind}/{name}"


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
    _require_right(store, request, name)
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
    _require_right(store, request, name)
    repo = store.repo(kind[:-1], name, request.token)
    parent = repo.resolve(branch)
    lines = [json.loads(line) for line in request.body.splitlines() if line.strip()]
    header = next(line["value"] for line in lines if line["key"] == "header")
    if header.get("parentCommit") not in (None, parent.oid):
        raise HubError(412, "", "A commit has happened since. Please refresh and try again.")
    files = dict(parent.files)
    for line in lines:
        _apply(store, files, line["key"], line["value"])
    page, title = _page(request, kind, name), header.get("summary", "")
    about = {"success": True, "hookOutput": ""}
    if "create_pr" in request.query:
        number, new = repo.propose(parent, files, title)
        about["pullRequestUrl"] = f"{page}/discussions/{number}"
    else:
        new = repo.commit(branch, files, title)
    return Reply(about | {"commitOid": new.oid, "commitUrl": f"{page}/commit/{new.oid}"})


def _require_right(store: HubStore, request: Request, name: str) -> None:
    """Refuse who may not write; everybody who is logged in may open a pull request."""
    if "create_pr" in request.query:
        store.require_login(request.token)
    else:
        store.require_write(name, request.token)


@route("POST", REPO + r"/discussions/(\d+)/merge")
def merge(store: HubStore, request: Request, kind: str, name: str, number: str) -> Reply:
    store.require_write(name, request.token)
    repo = store.repo(kind[:-1], name, request.token)
    proposed = repo.pulls.get(f"refs/pr/{number}")
    if proposed is None:
        raise HubError(404, "", f"no discussion {number}")
    repo.commit("main", proposed.files, proposed.title)
    return Reply({})


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

    found = {"branches": listed(repo.branches, "heads"), "tags": listed(repo.tags, "tags"), "converts": []}
    if "include_prs" in request.query:
        pulls = [{"name": ref, "ref": ref, "targetCommit": commit.oid} for ref, commit in repo.pulls.items()]
        found["pullRequests"] = pulls
    return Reply(found)


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
