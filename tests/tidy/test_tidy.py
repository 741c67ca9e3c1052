"""The code checks its own shape. `test_rules.py` shows that each of these rules can fail."""

import importlib.metadata
import re
import tomllib
from functools import cache
from pathlib import Path

import grimp
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from aia.cli.main import COMMANDS
from aia.config.settings import settings_table
from tests.tidy import rules

ROOT = Path(__file__).parent.parent.parent
LOADERS = {
    "aia/infra/plugins.py": "plugins are entry points and load when they are first used",
    "aia/cli/main.py": "a command loads when it is called, so that `aia --help` is quick",
    "aia/infra/sql/migrate.py": "Alembic loads only when a database is behind",
}
"""Files that may load a module by name, and why."""
SCRIPTS = {
    "aia/cli/__main__.py": "`python -m aia.cli` runs the command",
    "aia/infra/sql/migrations/env.py": "Alembic runs this file as its script",
}
"""Files that do their work when they are run, and why."""
CODE = ("aia", "benchmarks", "campaigns", "scripts")


@cache
def python() -> tuple[rules.Source, ...]:
    return tuple(rules.sources(ROOT))


def of(folder: str) -> list[rules.Source]:
    return [source for source in python() if source.name.startswith(f"{folder}/")]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("aia", cache_dir=None)


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_no_file_is_longer_than_500_lines():
    assert [finding for source in python() for finding in rules.long_files(source)] == []


def test_no_function_is_longer_than_a_screen():
    assert [finding for source in python() for finding in rules.long_functions(source)] == []


def test_no_import_is_hidden_in_a_function():
    checked = [source for folder in CODE for source in of(folder)]
    assert [finding for source in checked for finding in rules.hidden_imports(source)] == []


def test_modules_are_loaded_by_name_where_plugins_are_and_nowhere_else():
    loading = {source.name: found for source in of("aia") if (found := rules.imports_by_name(source))}
    assert [finding for name, found in loading.items() if name not in LOADERS for finding in found] == []
    assert set(LOADERS) - set(loading) == set(), "these files need no exception any more"


def test_no_module_takes_the_name_of_what_its_package_offers():
    assert rules.taken_names(of("aia")) == []


def test_nothing_is_opened_at_import_and_no_module_holds_state():
    assert [finding for source in of("aia") for finding in rules.module_state(source)] == []


def test_no_module_acts_when_it_is_imported():
    acting = {source.name: found for source in of("aia") if (found := rules.calls_at_import(source))}
    assert [finding for name, found in acting.items() if name not in SCRIPTS for finding in found] == []
    assert set(SCRIPTS) - set(acting) == set(), "these files need no exception any more"


def test_no_modules_import_each_other_in_a_circle(graph):
    assert rules.cycles(graph) == []


def test_imports_go_down_only_those_for_types_too(graph, project):
    assert rules.upward_imports(graph, rules.layers_of(project["tool"]["importlinter"])) == []


def test_a_store_is_touched_by_its_own_domain_only(graph):
    assert sum(module.endswith(".store") for module in graph.modules) >= 5
    assert rules.foreign_stores(graph) == []


def test_every_test_asserts_something():
    helpers = rules.checkers(source.tree for source in (*of("tests"), *of("campaigns")))
    tests = [source for source in of("tests") if Path(source.name).name.startswith("test_")]
    assert [finding for source in tests for finding in rules.idle_tests(source, helpers)] == []


def test_every_setting_is_documented():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert rules.undocumented_settings(settings_table(), page) == [], "run: make docs"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_the_commands_of_the_documents_exist(page):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert rules.unknown_commands(page, (ROOT / page).read_text(encoding="utf-8"), makefile, COMMANDS) == []


def test_no_file_names_a_machine_or_a_registry_host():
    assert [finding for path in rules.our_files(ROOT) for finding in rules.places(ROOT, path)] == []


def test_no_file_leaves_work_for_later():
    assert [finding for path in rules.our_files(ROOT) for finding in rules.left_overs(ROOT, path)] == []


def test_pins_are_exact(project):
    pins = project["project"]["dependencies"]
    extras = project["project"]["optional-dependencies"]
    assert [pin for pin in [*pins, *(x for extra in extras.values() for x in extra)] if "==" not in pin] == []


@pytest.mark.parametrize(("lock", "extra"), [("requirements.lock", None), ("requirements-dev.lock", "dev")])
def test_a_lock_holds_the_pins_of_the_project_each_with_its_hashes(lock, extra, project):
    blocks = re.split(r"\n(?=[a-z])", (ROOT / lock).read_text(encoding="utf-8").strip())
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    pins = [
        *project["project"]["dependencies"],
        *(project["project"]["optional-dependencies"][extra] if extra else ()),
    ]
    wanted = {pin.partition(";")[0].strip() for pin in pins}
    locked = {block.partition(" \\")[0].partition(" ;")[0].replace(" ", "") for block in blocks}
    assert wanted - locked == set(), "run: make lock"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_each_extra_that_a_distribution_asks_for(lock):
    """pip takes `name[extra]` for another name than `name`: unpinned, it finds a release whose hash is not here."""
    lines = re.findall(r"^([a-z][^\s=\[]*)(\[[^\]]*\])?==", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE)
    locked = {name: {extra.strip() for extra in extras.strip("[]").split(",")} for name, extras in lines}
    asked = [
        (distribution.name, Requirement(line))
        for distribution in importlib.metadata.distributions()
        if canonicalize_name(distribution.name) in locked
        for line in distribution.requires or ()
    ]
    missing = [
        f"{name} asks for {line}"
        for name, line in asked
        if line.extras and line.name in locked and (line.marker is None or line.marker.evaluate({"extra": ""}))
        if not line.extras <= locked[line.name]
    ]
    assert missing == [], "run: make lock"
