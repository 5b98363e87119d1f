"""The import rules of CONTRIBUTING.md, read from the syntax trees of the project's files.

Each rule is a function from a file's path and source to the violations in it, so that every rule is shown to
catch a small made-up violation as well as being held against the real files.
"""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HUB_FOLDERS = ("modeling_phosphot5", "tokenization_phosphot5")
HUB_PACKAGES = {*sys.stdlib_module_names, "torch", "transformers", "tokenizers"}
FOUNDATION = ("errors", "output", "progress", "processes", "wording", "bundled", "recipes")
"""Modules and data at the bottom: every room may import them."""
LIGHT = ("phosphot5/record", "phosphot5/data", "phosphot5/evaluation", "hub_card")
PACKAGE_FOLDERS = ("phosphot5", "hub_card", "trainer", *HUB_FOLDERS)
SIBLING = re.compile(r"^\s*from\s+\.(\S*)\s+import", re.MULTILINE)
"""What transformers takes for an import of a sibling, wherever in a file it stands."""


def read_rooms() -> dict[str, tuple[str, ...]]:
    """Return each room and the rooms it may import, from the table of CONTRIBUTING.md; ``*`` stands for all."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(?:phosphot5/)?(\w+)(?:/|\.py)` \|.*\| ([^|]*) \|$", text, re.MULTILINE)
    return {
        room: ("*",) if allowed == "all of them" else tuple(re.findall(r"`(\w+)`", allowed))
        for room, allowed in rows
    }


ROOMS = read_rooms()


def project_files(*folders: str) -> dict[str, str]:
    """Return path and source of the Python files git tracks or would add, in the given folders."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    paths = sorted({name for name in listed if name.endswith(".py") and (ROOT / name).is_file()})
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in paths}


def imports(path: str, source: str) -> Iterator[str]:
    """Yield the full name of every import in a file at any depth, relative ones resolved by its folder.

    A root folder counts as the package it is installed as: ``trainer`` is ``phosphot5.trainer``.
    """
    folder = Path(path).parts[:-1]
    package = folder if folder[:1] == ("phosphot5",) else ("phosphot5", *folder)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else ()
            module = ".".join((*base, *([node.module] if node.module else [])))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def is_inside(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


def hub_file_imports(path: str, source: str) -> list[str]:
    """Hub files import the standard library, torch, transformers, tokenizers, and siblings by name."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        elif isinstance(node, ast.ImportFrom):
            if node.level > 1 or node.module is None or "." in node.module:
                found.append(f"{path}:{node.lineno}: {ast.unparse(node)}")
            continue
        else:
            continue
        found += [
            f"{path}:{node.lineno}: {name}" for name in names if name.partition(".")[0] not in HUB_PACKAGES
        ]
    return found


def hub_file_ghosts(path: str, source: str) -> list[str]:
    """Every line that looks like an import of a sibling is one; the Hub would look for any other in vain."""
    real = {
        node.module
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module
    }
    siblings = {file.stem for file in (ROOT / path).parent.glob("*.py")}
    names = SIBLING.findall(source)
    ghosts = [f"{path}: `from .{name} import`, not an import" for name in names if name not in real]
    return ghosts + [f"{path}: no sibling {name}.py" for name in names if name in real - siblings]


def rooms_import_what_their_table_says(path: str, source: str) -> list[str]:
    """Every room imports itself, the foundation and the rooms that its row in CONTRIBUTING.md names."""
    room = room_of(path)
    allowed = {*FOUNDATION, *(ROOMS.get(room, ()) if room not in FOUNDATION else ()), room}
    if "*" in allowed or room not in {*ROOMS, *FOUNDATION}:
        return []
    found = [name for name in imports(path, source) if is_inside(name, "phosphot5")]
    return [f"{path}: {name}" for name in found if target_of(name) not in allowed]


def room_of(path: str) -> str:
    """Return the room that a file belongs to: ``phosphot5/data/x.py`` and ``hub_card/x.py`` name theirs."""
    parts = Path(path).with_suffix("").parts
    return parts[1] if parts[0] == "phosphot5" else parts[0]


def target_of(name: str) -> str:
    """Return the room of an imported name; the face itself, ``phosphot5.__version__``, counts as foundation."""
    room = name.split(".")[1]
    return room if room in {*ROOMS, *FOUNDATION, *HUB_FOLDERS} else FOUNDATION[0]


def light_rooms_need_no_torch(path: str, source: str) -> list[str]:
    """Records, data, evaluation and publishing work where torch and transformers are not wanted."""
    banned = ("torch", "transformers")
    return [f"{path}: {name}" for name in imports(path, source) if any(is_inside(name, b) for b in banned)]


def nothing_imports_cli(path: str, source: str) -> list[str]:
    """Only the command line itself and its two doors, ``python -m phosphot5`` and train.py, import it."""
    if path.startswith("phosphot5/cli/") or path in ("phosphot5/__main__.py", "train.py"):
        return []
    return [f"{path}: {name}" for name in imports(path, source) if is_inside(name, "phosphot5.cli")]


def only_the_command_imports_the_page(path: str, source: str) -> list[str]:
    """phosphot5/app is reached through its commands only: whoever predicts or trains does not load it."""
    if path.startswith("phosphot5/app/") or path in ("phosphot5/cli/app.py", "phosphot5/cli/push_space.py"):
        return []
    return [f"{path}: {name}" for name in imports(path, source) if is_inside(name, "phosphot5.app")]


def only_the_page_imports_gradio(path: str, source: str) -> list[str]:
    """Gradio is optional: phosphot5/app/page.py alone imports it."""
    if path == "phosphot5/app/page.py":
        return []
    return [f"{path}: {name}" for name in imports(path, source) if is_inside(name, "gradio")]


def model_and_tokenizer_are_strangers(path: str, source: str) -> list[str]:
    """The model and the tokenizer do not import each other: ids travel through config.json."""
    other = HUB_FOLDERS[1] if path.startswith(HUB_FOLDERS[0]) else HUB_FOLDERS[0]
    return [f"{path}: {name}" for name in imports(path, source) if other in name.split(".")]


def no_bare_root_imports(path: str, source: str) -> list[str]:
    """Root folders are imported by the name they are installed under, ``phosphot5.<folder>``."""
    roots = set(PACKAGE_FOLDERS) - {"phosphot5"}
    return [f"{path}: {name}" for name in imports(path, source) if name.partition(".")[0] in roots]


Rule = Callable[[str, str], list[str]]
RULES: list[tuple[Rule, tuple[str, ...], str, str]] = [
    (hub_file_imports, HUB_FOLDERS, "modeling_phosphot5/x.py", "def f():\n    import numpy\n"),
    (
        hub_file_imports,
        HUB_FOLDERS,
        "modeling_phosphot5/x.py",
        "from phosphot5.errors import PhosphoT5Error\n",
    ),
    (hub_file_imports, HUB_FOLDERS, "modeling_phosphot5/x.py", "from . import loss_phosphot5\n"),
    (hub_file_imports, HUB_FOLDERS, "modeling_phosphot5/x.py", "from .sub.loss_phosphot5 import Loss\n"),
    (hub_file_imports, HUB_FOLDERS, "modeling_phosphot5/x.py", "from ..errors import PhosphoT5Error\n"),
    (hub_file_ghosts, HUB_FOLDERS, "modeling_phosphot5/x.py", '"""\n    from .ghost import X\n"""\n'),
    (hub_file_ghosts, HUB_FOLDERS, "modeling_phosphot5/x.py", "from .ghost import X\n"),
    (light_rooms_need_no_torch, LIGHT, "hub_card/x.py", "import torch.nn\n"),
    (light_rooms_need_no_torch, LIGHT, "phosphot5/data/x.py", "def f():\n    from torch import nn\n"),
    (light_rooms_need_no_torch, LIGHT, "phosphot5/record/x.py", "import transformers\n"),
    (rooms_import_what_their_table_says, PACKAGE_FOLDERS, "hub_card/x.py", "from ..trainer import Trainer\n"),
    (
        rooms_import_what_their_table_says,
        PACKAGE_FOLDERS,
        "hub_card/x.py",
        "from phosphot5 import prediction\n",
    ),
    (
        rooms_import_what_their_table_says,
        PACKAGE_FOLDERS,
        "phosphot5/record/x.py",
        "from phosphot5.data import read_fasta\n",
    ),
    (
        rooms_import_what_their_table_says,
        PACKAGE_FOLDERS,
        "phosphot5/data/files/x.py",
        "from phosphot5.hub_card import push_folder\n",
    ),
    (
        rooms_import_what_their_table_says,
        PACKAGE_FOLDERS,
        "phosphot5/output.py",
        "from phosphot5.data import x\n",
    ),
    (nothing_imports_cli, PACKAGE_FOLDERS, "trainer/x.py", "from ..cli.main import main\n"),
    (nothing_imports_cli, PACKAGE_FOLDERS, "phosphot5/x.py", "from .cli import main\n"),
    (only_the_command_imports_the_page, PACKAGE_FOLDERS, "phosphot5/x.py", "from .app.track import legend\n"),
    (
        only_the_command_imports_the_page,
        PACKAGE_FOLDERS,
        "phosphot5/cli/predict.py",
        "def f():\n    from phosphot5.app import page\n",
    ),
    (only_the_page_imports_gradio, PACKAGE_FOLDERS, "phosphot5/app/track.py", "import gradio as gr\n"),
    (
        model_and_tokenizer_are_strangers,
        HUB_FOLDERS,
        "tokenization_phosphot5/x.py",
        "from ..modeling_phosphot5 import PhosphoT5Config\n",
    ),
    (
        model_and_tokenizer_are_strangers,
        HUB_FOLDERS,
        "modeling_phosphot5/x.py",
        "import phosphot5.tokenization_phosphot5\n",
    ),
    (no_bare_root_imports, (*PACKAGE_FOLDERS, "tests", "train.py"), "phosphot5/x.py", "import trainer\n"),
]


@pytest.mark.parametrize("rule", {rule[0]: None for rule in RULES}, ids=lambda rule: rule.__name__)
def test_project_keeps_rule(rule):
    folders = next(entry[1] for entry in RULES if entry[0] is rule)
    violations = [line for path, source in project_files(*folders).items() for line in rule(path, source)]
    assert not violations, f"{rule.__doc__}\n" + "\n".join(violations)


@pytest.mark.parametrize(("rule", "_folders", "path", "source"), RULES)
def test_rule_catches_violation(rule, _folders, path, source):
    assert rule(path, source)


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (
            hub_file_imports,
            "modeling_phosphot5/x.py",
            "import math\nfrom torch import nn\nfrom .y import Y\n",
        ),
        (light_rooms_need_no_torch, "hub_card/x.py", "from .upload import Target\nimport torchless\n"),
        (
            rooms_import_what_their_table_says,
            "hub_card/x.py",
            "from phosphot5.record.facts import Cost\nfrom phosphot5 import __version__\n",
        ),
        (nothing_imports_cli, "phosphot5/cli/x.py", "from .main import main\n"),
        (nothing_imports_cli, "phosphot5/__main__.py", "from phosphot5.cli.main import main\n"),
        (nothing_imports_cli, "train.py", "from phosphot5.cli.main import main\n"),
        (nothing_imports_cli, "phosphot5/x.py", "from .client import main\n"),
        (only_the_command_imports_the_page, "phosphot5/cli/app.py", "from phosphot5.app.page import serve\n"),
        (only_the_command_imports_the_page, "phosphot5/x.py", "from phosphot5.apparatus import serve\n"),
        (only_the_page_imports_gradio, "phosphot5/app/page.py", "import gradio as gr\n"),
        (no_bare_root_imports, "phosphot5/x.py", "from phosphot5.trainer import PhosphoT5Trainer\n"),
    ],
)
def test_rule_lets_good_code_pass(rule, path, source):
    assert rule(path, source) == []


def duplicates(paths: list[str]) -> list[str]:
    """Return file names that occur twice: on the Hub all files lie in one folder."""
    counts = Counter(Path(path).name for path in paths)
    return [name for name, count in counts.items() if count > 1 and name != "__init__.py"]


def test_hub_file_names_are_unique():
    assert duplicates(["modeling_phosphot5/x.py", "tokenization_phosphot5/x.py"]) == ["x.py"]
    assert duplicates(list(project_files(*HUB_FOLDERS))) == []


def test_rules_see_the_files():
    files = project_files(*PACKAGE_FOLDERS, "tests")
    assert "tokenization_phosphot5/tokenization_phosphot5.py" in files
    assert "phosphot5/record/run_record.py" in files
    assert "hub_card/card.py" in files
    assert "tests/contract/test_import_rules.py" in files
    assert not any(part.startswith(".venv") for path in files for part in Path(path).parts)


def test_rooms_are_in_no_circle():
    assert {
        "record",
        "data",
        "evaluation",
        "prediction",
        "hub_card",
        "trainer",
        "variants",
        "app",
        "cli",
    } <= ROOMS.keys()
    left = {
        room: {other for other in allowed if other in ROOMS}
        for room, allowed in ROOMS.items()
        if room != "cli"
    }
    while left:
        free = [room for room, allowed in left.items() if not allowed & left.keys()]
        assert free, f"these import each other in a circle: {', '.join(left)}"
        left = {room: allowed for room, allowed in left.items() if room not in free}
