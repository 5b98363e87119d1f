"""Publish a folder as a Space of the Hub."""

from pathlib import Path

from .upload import Published, Target, list_files, upload

__all__ = ["push_space"]


def push_space(
    folder: Path | str,
    repo_id: str,
    *,
    private: bool = False,
    token: str | None = None,
    dry_run: bool = False,
) -> Published | str:
    """Upload a Gradio Space in one commit.

    Files on the Hub in a subfolder that is ours are removed in the same commit if they are not here, so that code
    of an older version does not stay.

    Parameters
    ----------
    folder : Path or str
        A folder written by ``phosphot5 push-space --folder``.
    repo_id, private
        As for :class:`~phosphot5.hub_card.upload.Target`.
    token : str, optional
        As for :func:`~phosphot5.hub_card.upload.upload`.
    dry_run : bool
        Send nothing.

    Returns
    -------
    Published or str
        What was done; for a dry run the files and their sizes.

    Raises
    ------
    PhosphoT5Error
        If the Hub refuses or cannot be reached; the message says what to do.
    """
    target = Target(repo_id, kind="space", private=private)
    found = sorted(file for file in Path(folder).rglob("*") if file.is_file())
    files = {file.relative_to(folder).as_posix(): file for file in found}
    listing = list_files(files, "web page", target)
    if dry_run:
        return listing
    ours = {name.partition("/")[0] for name in files if "/" in name}
    return upload(
        files,
        target,
        "Web page of PhosphoT5",
        listing,
        lambda name: "/" in name and name.partition("/")[0] in ours,
        token,
    )
