"""What one module imports, and what it does with that."""

from __future__ import annotations

import ast
from typing import NoReturn

from atdata_codegen.audit.allowed import FORBIDDEN, GIVEN, LAZY, NAMES, NEVER, OPEN, WHOLE
from atdata_codegen.audit.errors import refuse

__all__ = ["Imports"]


class Imports:
    """What one module imports, and what it does with the modules that it imports whole."""

    def __init__(self, filename: str, modules: frozenset[str]) -> None:
        self.filename = filename
        self.modules = modules
        self.whole: dict[str, str] = {}
        self.bare: set[str] = set()
        self.bound: set[str] = set()
        self.lazy = 0
        self.taken: dict[str, set[str]] = {}

    def add(self, node: ast.AST) -> None:
        """Note one statement; names that no template of ours imports are refused."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name not in WHOLE:
                    self._refuse(node, f"an import of {alias.name}")
                self.whole[self._bound(node, alias)] = alias.name
        elif isinstance(node, ast.ImportFrom):
            source = "" if node.level else node.module or ""
            top = source.partition(".")[0]
            names = NAMES.get(source)
            if names is None and not (node.level or source in OPEN or top in self.modules):
                self._refuse(node, f"an import of {source}")
            for alias in node.names:
                bound = self._bound(node, alias)
                if source == "atdata.sample" and alias.name == "np":
                    self.whole[bound] = "numpy"
                elif alias.name not in names if names is not None else self._private(alias.name, node):
                    self._refuse(node, f"an import of {alias.name} from {source}")

    @staticmethod
    def _private(name: str, node: ast.ImportFrom) -> bool:
        """Whether a name is for a module's own use; generated packages hold modules that schemas name."""
        if name == "*" or (name[0] == "_" and not name[1:2].isdigit()):
            return True
        if node.level and not node.module:
            return False
        return name in FORBIDDEN or name in NEVER or name == "np"

    def _bound(self, node: ast.AST, alias: ast.alias) -> str:
        bound = alias.asname or alias.name.partition(".")[0]
        if bound[:2] == "__":
            self._refuse(node, f"an import under the name {bound}")
        if alias.name in LAZY and alias.asname:
            self._refuse(node, f"{alias.name} under another name")
        self.bound.add(bound)
        return bound

    def check(self, tree: ast.Module) -> None:
        """Refuse a module that is handed on, or from which something else is taken than types, and unknown names."""
        for name in (self.bare | self.taken.keys()) - self.bound - GIVEN:
            self._refuse(tree, f"the name {name}, which is not its own")
        if self.lazy:
            self._refuse(tree, "an import handed on")
        for bound, module in self.whole.items():
            if bound in self.bare:
                self._refuse(tree, f"the module {module} as a value")
            allowed = WHOLE[module]
            for name in self.taken.get(bound, ()):
                good = allowed.fullmatch(name) if allowed else name not in NEVER and name not in FORBIDDEN
                if not good:
                    self._refuse(tree, f"{module}.{name}")

    def _refuse(self, node: ast.AST, what: str) -> NoReturn:
        refuse(self.filename, node, what)
