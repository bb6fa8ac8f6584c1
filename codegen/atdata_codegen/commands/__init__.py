"""One module a command of ``atdata-gen``; each has ``run(arguments) -> exit status``."""

from __future__ import annotations

from typing import Final

__all__ = ["COMMANDS"]

#: Words that name another command than generating (a folder of that name is given as ``./name``): where each is, and
#: what it does.
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "adopt": ("atdata_codegen.commands.adopt", "make sample schemas of classes that were written by hand"),
    "breaking": ("atdata_codegen.commands.breaking", "say what a change of schemas breaks"),
    "diff": ("atdata_codegen.commands.diff", "say what a change of schemas does"),
    "docs": ("atdata_codegen.commands.docs", "write reference pages of schemas"),
    "fmt": ("atdata_codegen.commands.fmt", "format schema documents"),
    "git-driver": ("atdata_codegen.commands.git_driver", "show changes of schemas in git diff"),
    "jsonschema": ("atdata_codegen.commands.jsonschema", "export JSON Schema"),
    "lint": ("atdata_codegen.commands.lint", "find what is wrong or doubtful in schemas, and mend it"),
    "migrate": ("atdata_codegen.commands.migrate", "draft the lens from one version of a sample schema to another"),
    "new": ("atdata_codegen.commands.new", "begin a schema"),
    "publish": ("atdata_codegen.commands.publish", "publish schemas in a repository of the AT Protocol"),
    "pull": ("atdata_codegen.commands.pull", "bring the schemas of others into lexicons/"),
    # These two look at data, with the runtime, which this package never imports: it knows but their names, as the
    # entry point of a console script does, and both are in one wheel.
    "croissant": ("atdata._authoring.croissant", "describe a dataset as Croissant metadata"),
    "infer": ("atdata._authoring.infer", "draft a sample schema from data"),
}
