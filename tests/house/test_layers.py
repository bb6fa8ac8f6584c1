"""Imports point one way, and each foreign package has one door."""

from __future__ import annotations

import ast
import functools
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Each package, the root it lies in, and the packages of ours that it may import: the table of docs/architecture.md.
LAYERS: dict[str, tuple[str, frozenset[str]]] = {
    "atdata_lexicon": ("src", frozenset()),
    "atdata_templates": ("templates", frozenset()),
    "atdata_codegen": ("codegen", frozenset({"atdata_templates", "atdata_lexicon"})),
    "atdata_generated": ("generated", frozenset({"atdata_lexicon", "atdata"})),
    "atdata": ("src", frozenset({"atdata_lexicon", "atdata_codegen", "atdata_templates", "atdata_generated"})),
}

#: Arrays are what the project is about: numpy may be imported anywhere in the runtime and in generated samples.
EVERYWHERE = frozenset({"numpy", "typing_extensions"})

#: What must not be loaded by `import atdata`: each takes longer than all of ours.
HEAVY = ("atproto", "boto3", "jinja2", "pandas", "pyarrow", "ray", "redis", "torch", "webdataset")


#: Imports inside functions that close a circle nevertheless, and why.
CIRCLES: dict[tuple[str, str], str] = {
    ("atdata._index.entry", "atdata._index.entries"): "an entry can store itself, and storage makes entries",
}


#: The same for whole packages, where the modules themselves are in no circle.
PACKAGE_CIRCLES: dict[tuple[str, str], str] = {
    ("atdata._samples.batch", "atdata._decoding.encoded"): "a batch has its images as arrays for the asking",
    ("atdata._sources.named", "atdata._atmosphere.blobs.source"): "blobs are one kind of source, named by its scheme",
}


@dataclass(frozen=True)
class Import:
    """One import statement's target: ``when`` is module, function or types (under TYPE_CHECKING)."""

    source: str
    target: str
    when: str
    line: int

    @property
    def package(self) -> str:
        return self.target.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.source}, line {self.line}: imports {self.target}"


@functools.cache
def modules() -> dict[str, Path]:
    found = {}
    for package, (root, _) in LAYERS.items():
        for path in sorted((ROOT / root / package).rglob("*.py")):
            parts = path.relative_to(ROOT / root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def statements(tree: ast.AST, when: str = "module") -> Iterator[tuple[ast.Import | ast.ImportFrom, str]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, when
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from statements(node, "types" if when == "types" else "function")
        elif isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            yield from statements(ast.Module(node.body, []), "types")
            yield from statements(ast.Module(node.orelse, []), when)
        else:
            yield from statements(node, when)


def targets(name: str, path: Path, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    base = node.module or ""
    if node.level:
        here = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
        base = ".".join([*here[: len(here) - node.level + 1], *([base] if base else [])])
    for alias in node.names:
        inner = f"{base}.{alias.name}"
        yield inner if inner in modules() else base


@functools.cache
def imports() -> tuple[Import, ...]:
    return tuple(
        Import(name, target, when, node.lineno)
        for name, path in modules().items()
        for node, when in statements(ast.parse(path.read_bytes()))
        for target in targets(name, path, node)
    )


def test_each_package_of_the_table_exists() -> None:
    for package, (root, _) in LAYERS.items():
        assert (ROOT / root / package).is_dir(), f"{root}/{package} is in the table and not in the repository"


def test_a_package_imports_only_what_the_table_allows() -> None:
    wrong = [
        str(found)
        for found in imports()
        if found.package in LAYERS
        and found.when != "types"
        and found.package != found.source.partition(".")[0]
        and found.package not in LAYERS[found.source.partition(".")[0]][1]
    ]

    assert not wrong, "these imports point the wrong way:\n" + "\n".join(wrong)


def test_generated_records_import_only_the_protocol_layer() -> None:
    """A generated module of an NSID may be used without the runtime; only samples and lenses lean on it."""
    users: dict[str, set[str]] = {}
    for found in imports():
        if found.source.startswith("atdata_generated") and found.package == "atdata":
            users.setdefault(found.source, set()).add(found.target)
    records = [name for name in users if "NSID" in modules()[name].read_text(encoding="utf-8")]

    assert not records, f"these records import the runtime: {records}"
    crowded = {name: used for name, used in users.items() if len(used) > 1}
    assert not crowded, f"these use more than one module of the runtime: {crowded}"
    assert set().union(*users.values()) <= {"atdata.sample", "atdata.lens"}


def test_the_runtime_does_not_import_generated_samples() -> None:
    samples = {
        found.source for found in imports() if found.source.startswith("atdata_generated") and found.package == "atdata"
    }
    wrong = [str(found) for found in imports() if found.source.startswith("atdata.") and found.target in samples]

    assert not wrong


def test_no_modules_import_each_other_in_a_circle() -> None:
    """An import inside a function saves start-up time; it makes no module that another needs one that needs it."""
    graph: dict[str, set[str]] = {name: set() for name in modules()}
    deliberate = set(CIRCLES)
    for found in imports():
        edge = found.source, found.target
        if found.when != "types" and found.target in graph and found.target != found.source and edge not in CIRCLES:
            graph[found.source].add(found.target)
        deliberate.discard(edge)
    assert not deliberate, f"these are in the list and not in the code: {deliberate}"
    try:
        tuple(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        pytest.fail("an import circle: " + " <- ".join(error.args[1]))


def test_no_packages_import_each_other_in_a_circle() -> None:
    """What lies side by side in ``atdata`` and in ``atdata_codegen``: folders, and modules outside of them."""
    graph: dict[str, set[str]] = {}
    deliberate = set(PACKAGE_CIRCLES)
    for found in imports():
        edge = found.source, found.target
        here, there = (".".join(name.split(".")[:2]) for name in edge)
        if found.when != "types" and here != there and found.target in modules() and edge not in PACKAGE_CIRCLES:
            graph.setdefault(here, set()).add(there)
        deliberate.discard(edge)
    assert not deliberate, f"these are in the list and not in the code: {deliberate}"
    try:
        tuple(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        pytest.fail("packages in a circle: " + " <- ".join(error.args[1]))


def test_no_module_takes_what_another_keeps_to_itself() -> None:
    """A name with an underscore belongs to its module; a package or module with one is named by the path to it."""
    wrong = []
    for name, path in modules().items():
        tree = ast.parse(path.read_bytes())
        known: dict[str, str] = {}
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom):
                continue
            for alias, target in zip(node.names, targets(name, path, node), strict=True):
                if target.partition(".")[0] not in LAYERS:
                    continue
                if target.endswith(f".{alias.name}"):
                    known[alias.asname or alias.name] = target
                elif _is_private(alias.name):
                    wrong.append(f"{name}, line {node.lineno}: {alias.name} of {target}")
        for node in ast.walk(tree):
            of = node.value.id if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) else ""
            if of in known and isinstance(node, ast.Attribute) and _is_private(node.attr):
                wrong.append(f"{name}, line {node.lineno}: {node.attr} of {known[of]}")

    assert not wrong, "\n".join(wrong)


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_each_foreign_package_is_loaded_by_one_module_only() -> None:
    """Everyone else imports it inside a function, on use, or asks the adapter."""
    doors: dict[str, set[str]] = {}
    for found in imports():
        foreign = found.package not in LAYERS and found.package not in sys.stdlib_module_names | EVERYWHERE
        if foreign and found.when == "module":
            doors.setdefault(found.package, set()).add(found.source)
    wrong = {package: sorted(names) for package, names in doors.items() if len(names) > 1}

    assert not wrong, f"loaded in more than one place: {wrong}"


@pytest.mark.parametrize("package", sorted({"atdata", "atdata_lexicon", "atdata_codegen"}))
def test_importing_a_package_loads_nothing_heavy(package: str) -> None:
    code = f"import sys, {package}; print(*(n for n in {HEAVY!r} if n in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.split() == []


def test_the_protocol_layer_needs_the_standard_library_only() -> None:
    foreign = {
        found.package
        for found in imports()
        if found.source.startswith("atdata_lexicon") and found.when == "module" and found.package not in LAYERS
    }

    assert foreign <= sys.stdlib_module_names
