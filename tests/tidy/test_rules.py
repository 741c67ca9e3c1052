"""Every rule of the house finds the violation it is there for, and leaves alone what is like it."""

import re
import sys

import grimp
import pytest

from tests.tidy import rules

PLANTED = {
    "a long file": (rules.long_files, "x = 1\n" * 501, 501),
    "a long function": (rules.long_functions, "\ndef f():\n" + "    x = 1\n" * 60, 2),
    "a long method": (rules.long_functions, "class A:\n    async def f():\n" + "        x = 1\n" * 60, 2),
    "an import in a function": (rules.hidden_imports, "def f():\n    import json\n", 2),
    "an import in a method": (rules.hidden_imports, "class A:\n    def f():\n        from json import load\n", 3),
    "importlib": (rules.imports_by_name, "import importlib\nimportlib.import_module('x')\n", 2),
    "an import by name": (rules.imports_by_name, "from importlib import import_module\nimport_module('x')\n", 2),
    "a built-in import": (rules.imports_by_name, "x = __import__('json')\n", 1),
    "entry points": (rules.imports_by_name, "from importlib.metadata import entry_points\nentry_points()\n", 2),
    "a registry": (rules.module_state, "registry = {}\n", 1),
    "a registry in capitals": (rules.module_state, "REGISTRY: dict[str, int] = {}\n", 1),
    "a default dictionary": (rules.module_state, "CACHE = defaultdict()\n", 1),
    "a singleton below an if": (rules.module_state, "if True:\n    seen = set()\n", 2),
    "an engine": (rules.module_state, "ENGINE = sa.create_engine('sqlite://')\n", 1),
    "an opened file": (rules.module_state, "log = Path('x').open()\n", 1),
    "a clock": (rules.module_state, "STARTED = datetime.now()\n", 1),
    "a generator of chance": (rules.module_state, "rng = np.random.default_rng(0)\n", 1),
    "a call at import": (rules.calls_at_import, "load_dotenv()\n", 1),
    "a global statement": (rules.module_state, "def f():\n    global x\n    x = 1\n", 2),
}
ALLOWED = {
    "500 lines": (rules.long_files, "x = 1\n" * 500),
    "60 lines": (rules.long_functions, "def f():\n" + "    x = 1\n" * 59),
    "an import at the top": (rules.hidden_imports, "import json\n"),
    "a table": (rules.module_state, "RULES = {'a': 1}\n"),
    "a mapping": (rules.module_state, "rules: Final = {'a': 1}\n"),
    "a tuple": (rules.module_state, "rules = (1, 2)\n"),
    "public names": (rules.module_state, "__all__ = ['a']\n"),
    "a script": (rules.calls_at_import, "if __name__ == '__main__':\n    main()\n"),
    "a local list": (rules.module_state, "def f():\n    found = []\n    return found\n"),
}


def source(tmp_path, text):
    path = tmp_path / "planted.py"
    path.write_text(text)
    return rules.read(tmp_path, path)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_violation_is_found_where_it_is(name, tmp_path):
    rule, text, line = PLANTED[name]
    found = rule(source(tmp_path, text))
    assert [finding.split(": ")[0] for finding in found] == [f"planted.py:{line}"]


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_is_left_alone(name, tmp_path):
    rule, text = ALLOWED[name]
    assert rule(source(tmp_path, text)) == []


def idle(tmp_path, text):
    planted = source(tmp_path, text)
    return rules.idle_tests(planted, rules.checkers([planted.tree]))


@pytest.mark.parametrize(
    "text",
    [
        "def test_a():\n    x = 1\n",
        'def test_a():\n    """It must assert."""\n',
        "def test_a():\n    verify(1)\n",
        "@given(x=st.integers())\ndef test_a(x):\n    f(x)\n",
    ],
)
def test_a_test_that_asserts_nothing_is_found(text, tmp_path):
    assert re.fullmatch(r"planted.py:[12]: test_a asserts nothing", "".join(idle(tmp_path, text)))


@pytest.mark.parametrize(
    "text",
    [
        "def test_a():\n    assert f() == 1\n",
        "def test_a():\n    with pytest.raises(ValueError):\n        f()\n",
        "def holds(x):\n    assert x\ndef both(x):\n    holds(x)\nasync def test_a():\n    both(1)\n",
        "def test_a():\n    run_state_machine_as_test(Machine)\n",
    ],
)
def test_a_test_that_asserts_or_leaves_it_to_a_helper_is_left_alone(text, tmp_path):
    assert idle(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("from house.options import clean, other\n", [1]),
        ("from house.options import sweep as clean\n", [1]),
        ("from house.clean import clean\n", []),
        ("from house import clean\n", []),
        ("from house.options import clean as sweep\n", []),
    ],
)
def test_a_module_that_takes_the_name_of_a_function_is_found(text, lines, tmp_path):
    (tmp_path / "house").mkdir()
    for name, content in {"__init__": text, "clean": "", "options": ""}.items():
        (tmp_path / "house" / f"{name}.py").write_text(content)
    found = rules.taken_names(list(rules.sources(tmp_path, "house")))
    assert [finding.split(": ")[0] for finding in found] == [f"house/__init__.py:{line}" for line in lines]


@pytest.fixture
def planted_graph(tmp_path, monkeypatch):
    """Makes a package of these files and returns the graph of its imports."""
    monkeypatch.syspath_prepend(tmp_path)

    def build(**files: str) -> grimp.ImportGraph:
        package = f"planted_{tmp_path.name.replace('-', '_')}"
        for name, text in files.items():
            path = tmp_path / package / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            for folder in (tmp_path / package, path.parent):
                (folder / "__init__.py").touch()
            path.write_text(text.replace("PACKAGE", package))
        return grimp.build_graph(package, cache_dir=None)

    yield build
    for name in [name for name in sys.modules if name.startswith("planted_")]:
        del sys.modules[name]


def test_a_planted_circle_is_found(planted_graph):
    graph = planted_graph(
        a="from PACKAGE import b\n",
        b="\nfrom PACKAGE import c\n",
        c="from PACKAGE import a\n",
        d="from PACKAGE import a\n",
    )
    assert [re.sub(r"planted_\w+", "P", found.split(": ")[0]) for found in rules.cycles(graph)] == [
        "P/a.py:1",
        "P/b.py:2",
        "P/c.py:1",
    ]


def test_planted_imports_up_and_sideways_are_found_and_a_room_in_no_layer(planted_graph):
    graph = planted_graph(
        core__model="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from PACKAGE.app import main\n",
        left__model="from PACKAGE.right import model\n",
        right__model="from PACKAGE.core import ids\n",
        core__ids="",
        app__main="from PACKAGE.left import model\n",
        shed__tool="",
    )
    found = rules.upward_imports(graph, [{"app"}, {"left", "right"}, {"core"}])
    assert [re.sub(r"planted_\w+", "P", text.split(": ")[0]) for text in found[1:]] == [
        "P/core/model.py:3",
        "P/left/model.py:1",
    ]
    assert found[0] == "pyproject.toml: the room shed stands in no layer"


def test_a_planted_use_of_a_foreign_store_is_found(planted_graph):
    graph = planted_graph(
        tokens__store="",
        tokens__service="from PACKAGE.tokens import store\n",
        missions__service="\n\nfrom PACKAGE.tokens import store\n",
    )
    (found,) = rules.foreign_stores(graph)
    assert "/missions/service.py:3: " in found


def test_layers_are_read_from_the_contract():
    contract = {"type": "layers", "layers": ["main | cli", "(api)", "a : b"]}
    assert rules.layers_of({"contracts": [{"type": "forbidden"}, contract]}) == [{"main", "cli"}, {"api"}, {"a", "b"}]


# The tilde keeps these from being findings themselves.
@pytest.mark.parametrize(
    "text",
    [
        "see /wo~rk/main/x",
        "--find-links /opt/whe~els/",
        "'/ho~me/ann/aia'",
        "/Us~ers/ann/aia",
        "https://py~pi.org/simple",
        "https://files.pytho~nhosted.org/x",
    ],
)
def test_a_planted_path_or_registry_host_is_found(text, tmp_path):
    (tmp_path / "a.lock").write_text(f"one\n{text.replace('~', '')}\n")
    (tmp_path / "picture.png").write_bytes(b"\xff\xfe\x00")
    (found,) = [finding for path in rules.our_files(tmp_path) for finding in rules.places(tmp_path, path)]
    assert found.startswith("a.lock:2: ")


def test_paths_that_every_machine_has_and_words_that_look_alike_are_left_alone(tmp_path):
    (tmp_path / "a.md").write_text("/tmp/x /v1/work/ docs/home/ann/ ./root/x /usr/bin/env todos method\n")
    path = tmp_path / "a.md"
    assert rules.places(tmp_path, path) + rules.left_overs(tmp_path, path) == []


@pytest.mark.parametrize("word", ["TO~DO", "FIX~ME"])
def test_planted_unfinished_work_is_found(word, tmp_path):
    (tmp_path / "a.py").write_text(f"x = 1  # {word.replace('~', '')}: later\n")
    (found,) = rules.left_overs(tmp_path, tmp_path / "a.py")
    assert found.startswith("a.py:1: ")


def test_a_setting_that_is_missing_wrong_or_gone_is_found():
    table = [("AIA_HOME", ".aia", "state"), ("DEBUG", "false", "causes"), ("AIA_PORT", "8000", "port")]
    page = "| `AIA_HOME` | `.aia` | state |\n| `DEBUG` | `true` | causes |\n| `OLD` |  | gone |\n"
    assert rules.undocumented_settings(table, page) == [
        "docs/settings.md:3: AIA_PORT is missing",
        "docs/settings.md:2: DEBUG is ('false', 'causes') in the program",
        "docs/settings.md:3: OLD is not a setting",
    ]


def test_a_command_that_does_not_exist_is_found_in_code_and_not_in_prose():
    makefile = "test: x\nbench-%: x\n"
    block = "make test\nmake tets\nmake bench-x\n.venv/bin/aia discver x\naia serve\n"
    text = f"We make progress; aia is good.\n```\n{block}```\n`make lint`\n"
    assert rules.unknown_commands("README.md", text, makefile, {"serve"}) == [
        "README.md:4: the Makefile has no target tets",
        "README.md:6: aia has no command discver",
        "README.md:9: the Makefile has no target lint",
    ]
