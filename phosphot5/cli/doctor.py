"""``phosphot5 doctor``: what is installed, what works here, and how to install what is missing."""

import argparse
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from phosphot5.cli.checkup import FEATURES, Package, check_packages, check_runtimes, find_accelerators
from phosphot5.record import environment

__all__ = ["add_arguments", "run"]

TOLERANCE = 2e-4
"""Difference of two probabilities that are rounded to four digits."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command: it has none."""


def run(args: argparse.Namespace) -> int:
    """Check the installation; see ``phosphot5 doctor --help``."""
    packages = check_packages()
    model = _model(packages)
    found: dict[str, Any] = {
        "versions": _versions(packages),
        "model": model,
        "machine": _machine(packages),
        "caches": _caches(),
        "features": _features(packages),
    }
    args.report.print(_lines(found))
    missing = sum(not feature["works"] for feature in found["features"])
    works = "predict works" if model["works"] else "predict does not work"
    args.report.done(
        f"{works}; {len(FEATURES) - missing} of {len(FEATURES)} features have all they need",
        {"features": len(FEATURES), "missing": missing},
        **found,
    )
    return 0 if model["works"] else 1


def _versions(packages: Mapping[str, Package]) -> dict[str, str]:
    """Return the versions of Python, of this package and of what is installed."""
    versions = environment.package_versions()
    versions |= {package.distribution: package.version for package in packages.values() if package.version}
    first = {"python": versions.pop("python"), "phosphot5": versions.pop("phosphot5")}
    return first | dict(sorted(versions.items()))


def _model(packages: Mapping[str, Package]) -> dict[str, Any]:
    """Describe the bundled model, and score a peptide with each runtime."""
    import json
    from hashlib import sha256

    from phosphot5.bundled import bundled_folder
    from phosphot5.errors import PhosphoT5Error
    from phosphot5.record.fingerprints import file_digest
    from phosphot5.record.json_files import read_json_object

    folder = bundled_folder()
    files = [folder / "config.json", *sorted(folder.glob("*.safetensors"))]
    described: dict[str, Any] = {"name": "bundled", "version": None, "fingerprint": None}
    try:
        again = "install the package again"
        config = read_json_object(files[0], missing=again, damaged=again)
        described["version"] = config.get("phosphot5_version")
        digests = {path.name: file_digest(path) for path in files}
        described["fingerprint"] = sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()
    except PhosphoT5Error as error:
        return described | {"works": False, "runtimes": {}, "says": str(error)}
    runtimes = check_runtimes(packages)
    scores = [runtime["probabilities"] for runtime in runtimes.values() if runtime["works"]]
    agree = all(
        len(one) == len(scores[0])
        and max(abs(a - b) for a, b in zip(one, scores[0], strict=True)) <= TOLERANCE
        for one in scores
    )
    says = _says(runtimes, agree=agree)
    return described | {"works": bool(scores) and agree, "runtimes": runtimes, "says": says}


def _says(runtimes: Mapping[str, Mapping[str, Any]], *, agree: bool) -> str:
    working = [name for name, runtime in runtimes.items() if runtime["works"]]
    if not working:
        return "no runtime scores: " + "; ".join(f"{name}: {run['error']}" for name, run in runtimes.items())
    if len(working) == 1:
        return f"{working[0]} scores"
    if agree:
        return f"{' and '.join(working)} score and agree"
    return f"{' and '.join(working)} give different scores; install the package again"


def _machine(packages: Mapping[str, Package]) -> dict[str, Any]:
    """Describe processor, memory and accelerators."""
    return {
        "system": platform.platform(),
        "processor": environment.cpu_model(),
        "cores": environment.usable_cores(),
        "instruction_sets": environment.instruction_sets(),
        "memory_bytes": environment.memory_bytes(),
        "accelerators": find_accelerators(packages),
    }


def _caches() -> dict[str, str]:
    """Return the folders of the libraries of the Hub, by their variables."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    home = Path(os.environ.get("HF_HOME") or Path(base, "huggingface")).expanduser()
    return {
        name: os.environ.get(name) or str(home / folder)
        for name, folder in (
            ("HF_HUB_CACHE", "hub"),
            ("HF_DATASETS_CACHE", "datasets"),
            ("HF_MODULES_CACHE", "modules"),
        )
    }


def _features(packages: Mapping[str, Package]) -> list[dict[str, Any]]:
    """Return for each feature whether it has all it needs, what is wrong, and the command that mends it."""
    features = []
    for feature in FEATURES:
        problems = {
            packages[name].distribution: packages[name].problem
            for name in feature.modules
            if packages[name].problem
        }
        if feature.program and not feature.program_found():
            problems[feature.program] = "not found"
        install = feature.install_with(packages) if problems else None
        features.append(
            {"feature": feature.name, "works": not problems, "missing": problems, "install": install}
        )
    return features


def _lines(found: Mapping[str, Any]) -> list[str]:
    """Write it all for people."""
    model, machine = found["model"], found["machine"]
    sets, memory = machine["instruction_sets"], machine["memory_bytes"]
    facts = [
        ("model", f"{model['name']} {model['version']}, {str(model['fingerprint'])[:12]}: {model['says']}"),
        ("system", machine["system"]),
        ("processor", f"{machine['processor']}, {machine['cores']} usable cores"),
        ("instructions", "not known" if sets is None else ", ".join(sets) or "none that matter"),
        ("memory", "not known" if memory is None else f"{memory / 1e9:.1f} GB"),
        ("accelerators", ", ".join(machine["accelerators"]) or "none that torch sees"),
        *found["caches"].items(),
    ]
    lines = [*_aligned(list(found["versions"].items())), "", *_aligned(facts), ""]
    rows = []
    for feature in found["features"]:
        problems = "; ".join(f"{name}: {problem}" for name, problem in feature["missing"].items())
        rows.append((feature["feature"], "ok" if feature["works"] else f"{problems} -> {feature['install']}"))
    return [*lines, *_aligned(rows)]


def _aligned(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max(len(name) for name, _ in rows) + 2
    return [f"{name:{width}}{text}" for name, text in rows]
