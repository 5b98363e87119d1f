"""The part of the Hub's HTTP interface that moves files: large uploads and downloads."""

import re

from hub_routes import Reply, Request, route
from hub_store import File, HubError, HubStore


@route("POST", r"/(?:(?:datasets|spaces)/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch")
def lfs_batch(store: HubStore, request: Request, name: str) -> Reply:
    store.require_login(request.token)
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
