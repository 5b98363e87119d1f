"""Repositories of a Hub in memory: files, commits, branches, tags and pull requests."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

DATE = "2026-01-01T00:00:00.000Z"
GIT_ATTRIBUTES = b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n"


class HubError(Exception):
    """A request the Hub refuses: HTTP status, the Hub's error code and its message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True)
class File:
    """Content of one file; ``lfs`` says that it went through large file storage."""

    data: bytes
    lfs: bool = False

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def oid(self) -> str:
        """Git's id of the blob, or of the pointer that stands for a large file."""
        blob = self.data
        if self.lfs:
            version = "version https://git-lfs.github.com/spec/v1"
            blob = f"{version}\noid sha256:{self.sha256}\nsize {len(self.data)}\n".encode()
        return hashlib.sha1(b"blob %d\0" % len(blob) + blob).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.lfs else self.oid


@dataclass(frozen=True)
class Commit:
    """One state of a repository."""

    oid: str
    files: Mapping[str, File]
    title: str
    parent: "Commit | None"


@dataclass
class Repo:
    """A repository with its branches, tags and pull requests, created with the commit the Hub itself makes.

    ``sdk`` is what a Space runs with. Pull requests are found by their names, ``refs/pr/1`` and so on; they are
    open until they are merged.
    """

    name: str
    private: bool = False
    sdk: str | None = None
    branches: dict[str, Commit] = field(default_factory=dict)
    tags: dict[str, Commit] = field(default_factory=dict)
    pulls: dict[str, Commit] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.branches["main"] = self._new_commit(
            {".gitattributes": File(GIT_ATTRIBUTES)}, "initial commit", None
        )

    def resolve(self, revision: str) -> Commit:
        """Return the commit of a branch, tag, pull request or commit id."""
        for table in (self.branches, self.tags, self.pulls, self.commits):
            if revision in table:
                return table[revision]
        raise HubError(404, "RevisionNotFound", f"Invalid rev id: {revision}")

    def commit(self, branch: str, files: Mapping[str, File], title: str) -> Commit:
        """Move a branch to a new commit with exactly these files."""
        if branch not in self.branches:
            raise HubError(404, "RevisionNotFound", f"Invalid rev id: {branch}")
        self.branches[branch] = self._new_commit(files, title, self.branches[branch])
        return self.branches[branch]

    def propose(self, parent: Commit, files: Mapping[str, File], title: str) -> tuple[int, Commit]:
        """Open a pull request of one commit with exactly these files; return its number and the commit."""
        number = len(self.pulls) + 1
        self.pulls[f"refs/pr/{number}"] = commit = self._new_commit(files, title, parent)
        return number, commit

    def _new_commit(self, files: Mapping[str, File], title: str, parent: Commit | None) -> Commit:
        content = sorted((path, file.oid) for path, file in files.items())
        oid = hashlib.sha1(repr((self.name, len(self.commits), title, content)).encode()).hexdigest()
        self.commits[oid] = Commit(oid, dict(files), title, parent)
        return self.commits[oid]


class HubStore:
    """All repositories and the large file storage they share.

    ``token`` belongs to ``tester``, who may write to ``tester/*`` and ``org/*``.
    """

    user = "tester"
    organisations = ("org",)
    token = "hf_local_token"

    def __init__(self) -> None:
        self.repos: dict[tuple[str, str], Repo] = {}
        self.large_files: dict[str, bytes] = {}

    def repo(self, kind: str, name: str, token: str | None) -> Repo:
        """Return a repository the token may read; the Hub hides that a private one exists."""
        repo = self.repos.get((kind, name))
        if repo is None or (repo.private and token != self.token):
            raise HubError(404 if token else 401, "RepoNotFound", "Repository not found")
        return repo

    def require_login(self, token: str | None) -> None:
        """Refuse whoever is not logged in: enough to open a pull request."""
        if token != self.token:
            raise HubError(401, "", "Invalid credentials in Authorization header")

    def require_write(self, name: str, token: str | None) -> None:
        """Refuse a token that may not write to ``owner/name``."""
        self.require_login(token)
        owner = name.partition("/")[0]
        if owner not in (self.user, *self.organisations):
            raise HubError(403, "", f"You don't have the rights to write to {owner}")
