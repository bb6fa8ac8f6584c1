"""One module a command of ``atdata-gen``; each has ``run(arguments) -> exit status``."""

from __future__ import annotations

from typing import Final

__all__ = ["COMMANDS"]

#: Words that name another command than generating; a folder of that name is given as ``./name``.
COMMANDS: Final = {
    "adopt": "atdata_codegen.commands.adopt",
    "breaking": "atdata_codegen.commands.breaking",
    "diff": "atdata_codegen.commands.diff",
    "docs": "atdata_codegen.commands.docs",
    "fmt": "atdata_codegen.commands.fmt",
    "git-driver": "atdata_codegen.commands.git_driver",
    "jsonschema": "atdata_codegen.commands.jsonschema",
    "lint": "atdata_codegen.commands.lint",
    "migrate": "atdata_codegen.commands.migrate",
    "new": "atdata_codegen.commands.new",
    "publish": "atdata_codegen.commands.publish",
    "pull": "atdata_codegen.commands.pull",
    # These two look at data, with the runtime, which this package never imports: it knows but their names, as the
    # entry point of a console script does, and both are in one wheel.
    "croissant": "atdata._authoring.croissant",
    "infer": "atdata._authoring.infer",
}
