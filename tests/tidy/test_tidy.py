"""The code checks its own shape. Each rule names file and line; each can fail, as its own planted test shows."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

from aia.cli.main import COMMANDS
from aia.config.settings import settings_table

ROOT = Path(__file__).parent.parent.parent
LINES_MAX = 500
FUNCTION_LINES_MAX = 60
LAYERS = [
    {"main", "cli"},
    {"roles"},
    {"api"},
    {"app"},
    {"ventures"},
    {"missions"},
    {"performance"},
    {"agents"},
    {"knowledge"},
    {"tokens"},
    {"identity", "reports", "llm"},
    {"infra"},
    {"config"},
    {"core"},
]
# Modules may be imported by name here only: plugins, commands, and Alembic when there is work for it.
DYNAMIC_IMPORTS = {"aia/infra/plugins.py", "aia/cli/main.py", "aia/infra/sql/migrate.py"}


def python_files(*folders: str) -> Iterator[Path]:
    for folder in folders or ("aia", "tests", "campaigns", "benchmarks", "scripts"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def here(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("aia", cache_dir=None)


def too_long(path: Path) -> list[str]:
    count = len(path.read_text().splitlines())
    return [f"{here(path)}: {count} lines; a noun in it wants its own file"] if count > LINES_MAX else []


def long_functions(path: Path) -> list[str]:
    return [
        f"{here(path)}:{node.lineno}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]


def hidden_imports(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
            found += [f"{here(path)}:{n.lineno}: import inside {node.name}" for n in inner]
        by_name = isinstance(node, ast.Attribute) and node.attr == "import_module"
        if (by_name or (isinstance(node, ast.Name) and node.id == "__import__")) and here(
            path
        ) not in DYNAMIC_IMPORTS:
            found.append(f"{here(path)}:{node.lineno}: imports a module by name")
    return found


def mutable_globals(path: Path) -> list[str]:
    """Module-level names bound to something that can change or was opened, but for constants and tables."""
    found: list[str] = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [t.id for t in targets if isinstance(t, ast.Name)]
            mutable = isinstance(node.value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp)
            opened = isinstance(node.value, ast.Call) and "open" in ast.unparse(node.value.func)
            found += [
                f"{here(path)}:{node.lineno}: {name} is a mutable or opened global"
                for name in names
                if (mutable and name.strip("_") != name.strip("_").upper() and name != "__all__") or opened
            ]
    return found


def without_assertion(path: Path) -> list[str]:
    found: list[str] = []
    tree = ast.parse(path.read_text())
    checks = ("assert", "raises", "refuse(", "post(", "verify(")
    for node in ast.walk(tree):
        is_test = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
        if is_test and not any(check in ast.unparse(node) for check in checks):
            found.append(f"{here(path)}:{node.lineno}: {node.name} asserts nothing")
    return found


RULES = {
    "file": (too_long, "x = 1\n" * (LINES_MAX + 1)),
    "function": (long_functions, "def f():\n" + "    x = 1\n" * (FUNCTION_LINES_MAX + 1)),
    "import": (hidden_imports, "def f():\n    import json\n"),
    "by-name": (hidden_imports, "import importlib\nimportlib.import_module('x')\n"),
    "global": (mutable_globals, "registry = {}\n"),
    "assertion": (without_assertion, "def test_nothing():\n    x = 1\n"),
}


@pytest.mark.parametrize("name", RULES)
def test_each_rule_finds_a_planted_violation(name, tmp_path):
    rule, violation = RULES[name]
    planted = tmp_path / "planted.py"
    planted.write_text(violation)
    assert rule(planted)


def test_no_file_is_longer_than_500_lines():
    assert [x for path in python_files() for x in too_long(path)] == []


def test_no_function_is_longer_than_a_screen():
    assert [x for path in python_files() for x in long_functions(path)] == []


def test_no_import_is_hidden_in_a_function():
    assert [x for path in python_files("aia") for x in hidden_imports(path)] == []


def test_there_is_no_mutable_global():
    assert [x for path in python_files("aia") for x in mutable_globals(path)] == []


def test_every_test_asserts_something():
    paths = [path for path in python_files("tests") if path.name.startswith("test_")]
    assert [x for path in paths for x in without_assertion(path)] == []


def test_no_modules_import_each_other_in_a_circle():
    cycles = [
        f"{module} <-> {other}"
        for module in sorted(graph().modules)
        for other in graph().find_modules_directly_imported_by(module)
        if graph().chain_exists(importer=other, imported=module)
    ]
    assert cycles == []


def test_imports_go_down_only():
    level = {room: number for number, rooms in enumerate(LAYERS) for room in rooms}
    assert {m.split(".")[1] for m in graph().modules if m.count(".")} == set(level)
    upward = [
        f"{module} imports {other}"
        for module in graph().modules
        for other in graph().find_modules_directly_imported_by(module)
        if module.count(".") and other.count(".") and _room(module) != _room(other)
        if level[_room(other)] <= level[_room(module)]
    ]
    assert upward == []


def _room(module: str) -> str:
    return module.split(".")[1]


def test_a_store_is_touched_by_its_own_domain_only():
    stores = [module for module in graph().modules if module.endswith(".store")]
    assert len(stores) >= 5
    foreign = [
        f"{importer} imports {store}"
        for store in stores
        for importer in graph().find_modules_that_directly_import(store)
        if _room(importer) != _room(store)
    ]
    assert foreign == []


def test_every_setting_is_documented():
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE)
    documented = [(name, default.strip().strip("`"), meaning.strip()) for name, default, meaning in rows]
    assert documented == settings_table(), "run: make docs"


def test_the_commands_of_the_readme_exist():
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z%-]+):", makefile, re.MULTILINE))
    for target in re.findall(r"make ([a-z]+(?:-[a-z]+)*)", readme):
        assert target in targets or any(target.startswith(t[:-1]) for t in targets if t.endswith("%")), target
    for command in re.findall(r"\baia ([a-z]+)", readme):
        assert command in COMMANDS or command == "discovery", command


def test_no_tracked_file_names_a_machine_or_a_registry_host():
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if files.returncode:
        pytest.skip("this is not a git checkout")
    pattern = re.compile(
        "/(?:wo" + "rk|ro" + "ot|ho" + "me/[a-z]+)/|files\\.pytho" + "nhosted|pypi\\.o" + "rg|npmj" + "s"
    )
    found: list[str] = []
    for name in filter(None, files.stdout.split("\0")):
        path = ROOT / name
        if path.suffix in {".lock", ".png"} or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{name}:{number}: {line.strip()[:80]}")
    assert found == []


def test_pins_are_exact_and_the_locks_carry_hashes():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + [x for extra in project["optional-dependencies"].values() for x in extra]
    assert [x for x in wanted if "==" not in x] == []
    for lock in ("requirements.lock", "requirements-dev.lock"):
        blocks = re.split(r"\n(?=[a-z])", (ROOT / lock).read_text().strip())
        assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    runtime = (ROOT / "requirements.lock").read_text()
    assert all(re.split(r"[\[=]", pin)[0] + "==" in runtime for pin in project["dependencies"])
