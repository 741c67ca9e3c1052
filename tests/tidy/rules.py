"""The rules of the house that a program can check. Each returns its findings as `file:line: what is wrong`."""

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import grimp

LINES_MAX = 500
FUNCTION_LINES_MAX = 60
FOLDERS = ("aia", "benchmarks", "campaigns", "scripts", "tests")
NOT_OURS = {".git", ".venv", ".aia", ".hypothesis", ".ruff_cache", "__pycache__", "build", "dist", "node_modules"}

Function = ast.FunctionDef | ast.AsyncFunctionDef

CHANGING = {
    "bytearray",
    "Counter",
    "defaultdict",
    "deque",
    "dict",
    "list",
    "OrderedDict",
    "set",
    "WeakValueDictionary",
}
OPENING = {
    *(
        "AsyncClient",
        "Client",
        "Condition",
        "connect",
        "create_async_engine",
        "create_engine",
        "default_rng",
        "Event",
    ),
    *("Lock", "now", "open", "open_app", "open_database", "open_model", "Popen", "ProcessPoolExecutor", "Queue"),
    *("Random", "RLock", "Semaphore", "Session", "sessionmaker", "socket", "SystemRandom", "TemporaryDirectory"),
    *("Thread", "ThreadPoolExecutor", "urlopen", "utcnow"),
}
FROZEN = ("Final", "Mapping", "Sequence", "frozenset", "tuple", "type", "TypeAlias")

# None of these patterns matches itself, as this file is checked too.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+|opt/(?:wheels|pypi))/")
REGISTRY_HOST = re.compile(r"pythonhosted\.org|pypi\.org|npmjs\.|crates\.io|proxy\.golang")
LEFT_OVER = re.compile(r"\b(?:TO(?:DO)|FIX(?:ME))\b")


@dataclass(frozen=True)
class Source:
    """A Python file: its name from the root, and its syntax tree."""

    name: str
    text: str
    tree: ast.Module

    def at(self, node: ast.stmt | ast.expr) -> str:
        return f"{self.name}:{node.lineno}"


def read(root: Path, path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    return Source(path.relative_to(root).as_posix(), text, ast.parse(text))


def sources(root: Path, *folders: str) -> Iterator[Source]:
    for folder in folders or FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            yield read(root, path)


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


# Files and functions


def long_files(source: Source) -> list[str]:
    count = len(source.text.splitlines())
    if count <= LINES_MAX:
        return []
    return [f"{source.name}:{LINES_MAX + 1}: the file has {count} lines; a noun in it wants its own file"]


def long_functions(source: Source) -> list[str]:
    lengths = ((node, (node.end_lineno or node.lineno) - node.lineno + 1) for node in functions(source.tree))
    return [
        f"{source.at(node)}: {node.name} has {length} lines; at most {FUNCTION_LINES_MAX} fit a screen"
        for node, length in lengths
        if length > FUNCTION_LINES_MAX
    ]


def hidden_imports(source: Source) -> list[str]:
    found = {
        f"{source.at(inner)}: an import inside the function {node.name}; move it to the top of the file"
        for node in functions(source.tree)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    }
    return sorted(found)


def imports_by_name(source: Source) -> list[str]:
    """Uses of importlib and of entry points; which files may is for the caller to say."""
    wanted = {"import_module", "__import__", "entry_points"}
    return [
        f"{source.at(node)}: loads a module by name; only plugin loading may"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Name | ast.Attribute)
        and (node.id if isinstance(node, ast.Name) else node.attr) in wanted
    ]


def taken_names(found: Sequence[Source]) -> list[str]:
    """Names of packages that a module of the package takes away: importing it makes the name the module's."""
    modules = {source.name.removesuffix(".py").removesuffix("/__init__") for source in found}
    bound = [
        (source, node, alias.asname or alias.name)
        for source in found
        if source.name.endswith("/__init__.py")
        for node in source.tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    return [
        f"{source.at(node)}: {name} is also the module {own}.{name}, which takes the name when it is imported later"
        for source, node, name in bound
        if (own := source.name.removesuffix("/__init__.py").replace("/", "."))
        and f"{own}.{name}".replace(".", "/") in modules
        and node.module not in {f"{own}.{name}", own}
    ]


# Module state


def _module_level(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run at import, those below a module-level `if`, `try` and `with` among them."""
    for node in body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'":
            continue
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
            yield from _module_level(inner)


def _called(node: ast.expr | None) -> str:
    return ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""


def _is_changeable(name: str, value: ast.expr, annotation: str) -> bool:
    display = isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)
    if not display and _called(value) not in CHANGING:
        return False
    if name == "__all__" or annotation.startswith(FROZEN):
        return False
    # An upper-case name says that nobody changes it; what starts empty is there to be filled.
    filled = ast.unparse(value) not in {"[]", "{}"} and not (isinstance(value, ast.Call) and not value.args)
    return not (name.isupper() and filled)


def module_state(source: Source) -> list[str]:
    """Module-level names that can change or are opened at import, and `global` statements."""
    found = [
        f"{source.at(n)}: `global {', '.join(n.names)}`" for n in ast.walk(source.tree) if isinstance(n, ast.Global)
    ]
    for node in _module_level(source.tree.body):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        annotation = ast.unparse(node.annotation) if isinstance(node, ast.AnnAssign) else ""
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if _called(node.value) in OPENING:
                found.append(f"{source.at(node)}: {ast.unparse(target)} is opened at import; open it in open_app")
            elif isinstance(target, ast.Name) and _is_changeable(target.id, node.value, annotation):
                found.append(f"{source.at(node)}: {target.id} is module-level state; make it a field of what uses it")
    return found


def calls_at_import(source: Source) -> list[str]:
    """Calls for their effect when a module is imported."""
    return [
        f"{source.at(node)}: calls {_called(node.value)} at import"
        for node in _module_level(source.tree.body)
        if isinstance(node, ast.Expr) and _called(node.value)
    ]


# Imports between modules


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def _imports(graph: grimp.ImportGraph) -> Iterator[tuple[str, str, str]]:
    """(importer, imported, file:line) of every import."""
    for importer in sorted(graph.modules):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            for detail in graph.get_import_details(importer=importer, imported=imported)[:1]:
                yield importer, imported, f"{_file(graph, importer)}:{detail['line_number']}"


def _file(graph: grimp.ImportGraph, module: str) -> str:
    name = module.replace(".", "/")
    return f"{name}/__init__.py" if graph.find_children(module) else f"{name}.py"


def cycles(graph: grimp.ImportGraph) -> list[str]:
    return [
        f"{place}: {importer} imports {imported}, which comes back to it"
        for importer, imported, place in _imports(graph)
        if graph.find_shortest_chain(importer=imported, imported=importer)
    ]


def layers_of(importlinter: Mapping[str, object]) -> list[set[str]]:
    """The rooms from top to bottom, as pyproject.toml tells import-linter."""
    for contract in importlinter["contracts"]:  # type: ignore[attr-defined] # TOML has no types
        if contract["type"] == "layers":
            return [{room.strip(" ()") for room in re.split("[|:]", line)} for line in contract["layers"]]
    raise AssertionError("pyproject.toml has no contract of type layers")


def upward_imports(graph: grimp.ImportGraph, layers: Sequence[set[str]]) -> list[str]:
    """Imports that do not go down, those for types among them, which import-linter leaves out."""
    level = {room: number for number, rooms in enumerate(layers) for room in rooms}
    rooms = {_room(module) for module in graph.modules} - {""}
    found = [f"pyproject.toml: the room {room} stands in no layer" for room in sorted(rooms - set(level))]
    for importer, imported, place in _imports(graph):
        here, there = _room(importer), _room(imported)
        if {here, there} <= set(level) and here != there and level[there] <= level[here]:
            found.append(f"{place}: {importer} imports {imported}, which is not below it")
    return found


def foreign_stores(graph: grimp.ImportGraph) -> list[str]:
    return [
        f"{place}: {importer} imports {imported}; a store belongs to its own domain, use its service"
        for importer, imported, place in _imports(graph)
        if imported.split(".")[-1] == "store" and _room(importer) != _room(imported)
    ]


# Tests


def _checks_itself(node: ast.AST) -> bool:
    return any(
        isinstance(inner, ast.Assert)
        or _called(inner if isinstance(inner, ast.expr) else None) in {"raises", "warns", "run_state_machine_as_test"}
        for inner in ast.walk(node)
    )


def _callees(node: ast.AST) -> set[str]:
    return {_called(inner) for inner in ast.walk(node) if isinstance(inner, ast.Call)}


def checkers(trees: Iterable[ast.Module]) -> set[str]:
    """Names of functions that assert, or call one that does; tests may leave the asserting to them."""
    bodies = [node for tree in trees for node in functions(tree)]
    names = {node.name for node in bodies if _checks_itself(node)}
    while more := {node.name for node in bodies if _callees(node) & names} - names:
        names |= more
    return names


def idle_tests(source: Source, helpers: set[str]) -> list[str]:
    """Tests that cannot fail but by an accident; `helpers` are functions that assert for them."""
    tests = (node for node in functions(source.tree) if node.name.startswith("test_"))
    return [
        f"{source.at(node)}: {node.name} asserts nothing"
        for node in tests
        if not _checks_itself(node) and not _callees(node) & helpers
    ]


# Texts


def our_files(root: Path) -> list[Path]:
    """Files that are, or would be, in the repository; without git all that lie in the folder."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        walked = (path for path in root.rglob("*") if not NOT_OURS & set(path.relative_to(root).parts))
        return sorted(path for path in walked if path.is_file())
    return [root / name for name in sorted(filter(None, listed.split("\0"))) if (root / name).is_file()]


def _matches(root: Path, path: Path, pattern: re.Pattern[str], what: str) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []
    name = path.relative_to(root).as_posix()
    return [f"{name}:{n}: {what}: {line.strip()[:80]}" for n, line in enumerate(lines, 1) if pattern.search(line)]


def places(root: Path, path: Path) -> list[str]:
    found = _matches(root, path, MACHINE_PATH, "a path of one machine")
    return found + _matches(root, path, REGISTRY_HOST, "the host of a registry")


def left_overs(root: Path, path: Path) -> list[str]:
    return _matches(root, path, LEFT_OVER, "unfinished work belongs in an issue")


def undocumented_settings(table: Sequence[tuple[str, str, str]], page: str) -> list[str]:
    """Settings that the table of docs/settings.md lacks, tells otherwise, or has too many of."""
    documented: dict[str, tuple[int, str, str]] = {}
    for number, line in enumerate(page.splitlines(), 1):
        row = re.fullmatch(r"\| `(\w+)` \| (.*?) \| (.*?) \|", line)
        if row:
            documented[row[1]] = (number, row[2].strip().strip("`"), row[3].strip())
    page_name = "docs/settings.md"
    found = [
        f"{page_name}:{len(page.splitlines())}: {name} is missing" for name, _, _ in table if name not in documented
    ]
    known = {name: (default, meaning) for name, default, meaning in table}
    for name, (number, *told) in documented.items():
        if name not in known:
            found.append(f"{page_name}:{number}: {name} is not a setting")
        elif tuple(told) != known[name]:
            found.append(f"{page_name}:{number}: {name} is {known[name]} in the program")
    return found


def unknown_commands(name: str, text: str, makefile: str, commands: Iterable[str]) -> list[str]:
    """`make TARGET` and `.venv/bin/aia COMMAND` in code spans and blocks that do not exist."""
    targets = set(re.findall(r"^([a-z%-]+):", makefile, re.MULTILINE))
    patterns = tuple(target[:-1] for target in targets if target.endswith("%"))
    found: list[str] = []
    for number, line in _code_lines(text):
        asked = re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)", line)
        missing = [t for t in asked if t not in targets and not (patterns and t.startswith(patterns))]
        unknown = [c for c in re.findall(r"(?:^|bin/|\s)aia ([a-z]+)", line) if c not in commands]
        found += [f"{name}:{number}: the Makefile has no target {target}" for target in missing]
        found += [f"{name}:{number}: aia has no command {command}" for command in unknown]
    return found


def _code_lines(text: str) -> Iterator[tuple[int, str]]:
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        elif fenced:
            yield number, line
        else:
            yield from ((number, span) for span in re.findall(r"`([^`]+)`", line))
