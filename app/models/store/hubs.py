"""What the hubs say of the files in a repository: where each is, how large, and its hash.

Hugging Face tells the SHA-256 of large files and Git's own hash of small ones, ModelScope the
SHA-256 of all. So a file can be held against its hub's word even where nothing is known beforehand;
what the catalog knows counts more.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from quire.errors import DownloadFailed, UsageError
from quire.models.catalog import Repository
from quire.models.store.web import Web, count, joined, web_page

_PART = re.compile(r"\w[\w.+=@ -]{0,199}")
_OWNER_AND_NAME = re.compile(r"\w[\w.-]{0,95}/\w[\w.-]{0,95}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHA1 = re.compile(r"[0-9a-f]{40}")
_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that can be downloaded. `path` is its place in the repository, checked; `size` is in
    bytes, or None; `sha256` and `git_sha1` are what the hub says of its content, or empty."""

    path: str
    url: str
    size: int | None = None
    sha256: str = ""
    git_sha1: str = ""
    token: str = field(default="", repr=False)


def endpoint(repository: Repository) -> str:
    """The hub's address: `HF_ENDPOINT` and `MODELSCOPE_ENDPOINT` name others."""
    variable, usual = (
        ("HF_ENDPOINT", "https://huggingface.co")
        if repository.hub == "huggingface"
        else ("MODELSCOPE_ENDPOINT", "https://modelscope.cn")
    )
    return (os.environ.get(variable) or usual).rstrip("/")


def one_file(web: Web, repository: Repository, path: str) -> RemoteFile:
    """A file of a repository. Raises DownloadFailed when it is not there."""
    require_repository(repository)
    path = checked_path(path)
    if repository.hub == "modelscope":
        for file in all_files(web, repository):
            if file.path == path:
                return file
        raise DownloadFailed(
            f"There is no {path} in {repository.repo} on ModelScope.",
            hint="Check the spelling of owner, repository and file.",
        )
    url, token = _huggingface_file(repository, path), _token(repository)
    # Large files lie elsewhere, and the answer that leads there says what they are. A repository
    # that was renamed leads to its new name first, on the same server.
    for _ in range(_REDIRECTS):
        with web.ask(url, method="HEAD", token=token, follow=False) as response:
            response.require_success(f"{repository.repo}/{path}")
            headers = response.headers
        linked = headers.get("x-linked-etag")
        if linked or response.status < 300:
            etag = _bare(linked or headers.get("etag", ""))
            size = headers.get("x-linked-size") or headers.get("content-length", "")
            return RemoteFile(
                path,
                url,
                count(size),
                etag if _SHA256.fullmatch(etag) else "",
                etag if _SHA1.fullmatch(etag) else "",
                token,
            )
        moved = joined(url, headers.get("location", ""))
        if urlsplit(moved).netloc != urlsplit(url).netloc:
            break
        url = moved
    return RemoteFile(path, _huggingface_file(repository, path), token=token)


def all_files(web: Web, repository: Repository) -> list[RemoteFile]:
    """Every file of a repository whose name is fit for a disk; others are left out."""
    require_repository(repository)
    if repository.hub == "modelscope":
        return _modelscope_files(web, repository)
    base, token = endpoint(repository), _token(repository)
    revision = quote(repository.revision, safe="")
    url = f"{base}/api/models/{repository.repo}/tree/{revision}?recursive=true"
    files = []
    for row in _rows(web.json(url, token=token), url, repository):
        path, size = row.get("path"), row.get("size")
        if row.get("type") == "file" and isinstance(path, str) and _is_fit(path):
            lfs = row.get("lfs")
            large = isinstance(lfs, dict)
            sha256 = str(lfs.get("oid", "")) if isinstance(lfs, dict) else ""
            sha1 = "" if large else str(row.get("oid", ""))
            files.append(
                RemoteFile(
                    path,
                    _huggingface_file(repository, path),
                    size if isinstance(size, int) else None,
                    sha256 if _SHA256.fullmatch(sha256) else "",
                    sha1 if _SHA1.fullmatch(sha1) else "",
                    token,
                )
            )
    return files


def checked_path(path: str) -> str:
    """A path in a repository that stays within it. Raises UsageError for any other."""
    if _is_fit(path):
        return path
    raise UsageError(
        f"{path!r} cannot be the name of a file in a repository.",
        hint="Name it like hf:OWNER/REPO/FILE.gguf",
    )


def _modelscope_files(web: Web, repository: Repository) -> list[RemoteFile]:
    base = f"{endpoint(repository)}/api/v1/models/{repository.repo}/repo"
    revision = quote(repository.revision, safe="")
    url = f"{base}/files?Revision={revision}&Recursive=True"
    answer = web.json(url)
    data = answer.get("Data") if isinstance(answer, dict) else None
    rows = data.get("Files") if isinstance(data, dict) else answer
    files = []
    for row in _rows(rows, url, repository):
        path, size, sha256 = row.get("Path"), row.get("Size"), str(row.get("Sha256") or "").lower()
        if row.get("Type") != "tree" and isinstance(path, str) and _is_fit(path):
            where = f"{base}?Revision={revision}&FilePath={quote(path, safe='')}"
            files.append(
                RemoteFile(
                    path,
                    where,
                    size if isinstance(size, int) else None,
                    sha256 if _SHA256.fullmatch(sha256) else "",
                )
            )
    return files


def _rows(answer: Any, url: str, repository: Repository) -> Iterable[dict[str, Any]]:
    if answer is None:
        raise DownloadFailed(
            f"There is no repository {repository.repo} with a version {repository.revision}.",
            hint="Check the spelling of owner and repository.",
        )
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise web_page(url, "a list of files")
    return answer


def _huggingface_file(repository: Repository, path: str) -> str:
    revision = quote(repository.revision, safe="")
    return f"{endpoint(repository)}/{repository.repo}/resolve/{revision}/{quote(path)}"


def _token(repository: Repository) -> str:
    return os.environ.get("HF_TOKEN", "") if repository.hub == "huggingface" else ""


def require_repository(repository: Repository) -> None:
    """Raises UsageError for what cannot be the name of one."""
    parts = repository.repo.split("/")
    if not _OWNER_AND_NAME.fullmatch(repository.repo) or ".." in repository.repo or len(parts) != 2:
        raise UsageError(
            f"{repository.repo!r} cannot be a repository.", hint="Name it like OWNER/REPO."
        )


def _is_fit(path: str) -> bool:
    """Whether a path from a hub may become one on this disk, below a folder of ours."""
    parts = path.split("/")
    return len(parts) <= 4 and all(
        _PART.fullmatch(part) and not part.endswith((".", " ")) and ".." not in part
        for part in parts
    )


def _bare(etag: str) -> str:
    return etag.removeprefix("W/").strip('"').lower()
