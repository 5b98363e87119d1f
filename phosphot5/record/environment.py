"""Facts about the machine and the code of a run, read without any of the large libraries."""

import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

__all__ = [
    "PACKAGES",
    "cpu_model",
    "git_commit",
    "memory_bytes",
    "package_versions",
    "peak_memory_bytes",
    "usable_cores",
]

PACKAGES = (
    "phosphot5",
    "torch",
    "transformers",
    "accelerate",
    "datasets",
    "huggingface_hub",
    "numpy",
    "pyteomics",
    "safetensors",
    "scikit-learn",
    "tokenizers",
)
"""Distributions whose versions can change a result."""


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of every installed package of :data:`PACKAGES`.

    The versions come from the installed metadata: no package is imported.
    """
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def git_commit(source: Path) -> str | None:
    """Return the commit that a source file belongs to.

    Parameters
    ----------
    source : Path
        A file of the code that runs.

    Returns
    -------
    str or None
        The full commit id, with ``-dirty`` appended when tracked files differ from it. None when git is
        missing or does not track ``source``: a package installed inside another project's checkout is not
        part of that project.
    """
    if _git(source.parent, "ls-files", "--error-unmatch", source.name) is None:
        return None
    return _git(source.parent, "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def cpu_model() -> str:
    """Return the processor's name as the operating system gives it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def usable_cores() -> int:
    """Return the number of cores this process may use, which can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes() -> int | None:
    """Return the machine's main memory in bytes, None where the system does not tell."""
    names = getattr(os, "sysconf_names", {})
    if "SC_PAGE_SIZE" not in names or "SC_PHYS_PAGES" not in names:
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def peak_memory_bytes() -> int:
    """Return the largest memory this process has used so far."""
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        memory = psutil.Process().memory_info()
        return int(getattr(memory, "peak_wset", memory.rss))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
