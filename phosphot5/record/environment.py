"""Facts about the machine and the code of a run, read without any of the large libraries."""

import importlib
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
    "instruction_sets",
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
    name = _cpuinfo("model name") or _sysctl("machdep.cpu.brand_string")
    return name or platform.processor() or platform.machine()


INSTRUCTION_SETS = {
    "AVX2": ("avx2",),
    "AVX-512": ("avx512f",),
    "AVX-512 VNNI": ("avx512_vnni", "avx512vnni"),
    "AVX-VNNI": ("avx_vnni",),
    "AMX": ("amx_tile", "amx-tile"),
    "bfloat16": ("avx512_bf16", "avx512bf16", "bf16"),
    "NEON": ("asimd", "neon"),
    "dot product": ("asimddp",),
}
"""Those that make scoring faster, and their names on Linux, on macOS and in numpy."""


def instruction_sets() -> list[str] | None:
    """Return which of the instructions that make scoring faster the processor has, None where nobody tells."""
    flags = _cpuinfo("flags") or _cpuinfo("Features")
    flags = flags or f"{_sysctl('machdep.cpu.features')} {_sysctl('machdep.cpu.leaf7_features')}".strip()
    names = set(flags.lower().split()) or _numpy_features()
    if platform.machine().lower() in ("arm64", "aarch64"):
        names.add("neon")  # part of every one
    return [title for title, known in INSTRUCTION_SETS.items() if names & set(known)] if names else None


def _numpy_features() -> set[str]:
    """Return what numpy found out when it was imported, which it does on every system."""
    try:
        compiled = importlib.import_module("numpy._core._multiarray_umath")
    except ImportError:  # not installed, broken, or another numpy
        return set()
    return {name.lower() for name, there in getattr(compiled, "__cpu_features__", {}).items() if there}


def _cpuinfo(name: str) -> str:
    """Read a line of Linux's description of the processor."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == name:
                return value.strip()
    return ""


def _sysctl(name: str) -> str:
    """Ask macOS."""
    if sys.platform != "darwin":
        return ""
    try:
        done = subprocess.run(["sysctl", "-n", name], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


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
