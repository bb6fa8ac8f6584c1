"""The one door to datamodel-code-generator: a JSON Schema text in, the text of a module out; nothing else is read."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from atdata_codegen.jsonschema.convert import Schema
from atdata_codegen.problems import Problem, ProblemError, clean

__all__ = ["CHECKS", "generator_version", "write_models"]

#: The module that custom types are said to come from, while the library writes.
CHECKS = "atdata_style_checks"

_OUTPUTS = {"pydantic": "PydanticV2BaseModel", "msgspec": "MsgspecStruct", "typeddict": "TypingTypedDict"}


def _package() -> Any:
    try:
        return import_module("datamodel_code_generator")
    except ImportError as error:
        hint = "run: pip install 'atdata[gen]'"
        message = "this style of models needs the package datamodel-code-generator"
        raise ProblemError([Problem((), message, hint, code="missing")], "models") from error


def generator_version() -> str:
    """The version that is installed, for other versions may write another text; nothing when there is none."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("datamodel-code-generator")
    except PackageNotFoundError:
        return ""


def write_models(schema: Schema, names: Mapping[str, str], style: str) -> str:
    """The module of ``schema`` in ``style``, as the library writes it: no formatters, no files, no network.

    ``names`` maps ``Class.property`` to the field's name in Python, where it is another one. ``schema`` must hold
    no reference out of itself, and no text of strangers. Raises :class:`ProblemError` when the library is not
    installed.
    """
    package = _package()
    options: dict[str, Any] = {
        "input_file_type": package.InputFileType.JsonSchema,
        "output_model_type": getattr(package.DataModelType, _OUTPUTS[style]),
        "target_python_version": package.PythonVersion.PY_311,
        "enum_field_as_literal": package.LiteralType.All,
        "custom_class_name_generator": str,
        "aliases": {} if style == "typeddict" else dict(names),
        "use_schema_description": True,
        "use_standard_collections": True,
        "use_union_operator": True,
        "use_annotated": True,
        "field_constraints": True,
        "use_double_quotes": True,
        "keyword_only": style == "msgspec",
        "skip_root_model": True,
        "disable_timestamp": True,
        "allow_remote_refs": False,
        "formatters": [],
    }
    if style == "pydantic":
        options["base_class"] = f"{CHECKS}.LexiconModel"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it warns of concerns its own defaults
        try:
            text = package.generate(json.dumps(schema), **options)
        except Exception as error:  # whatever the library has against our schema, this run cannot go on
            message = f"datamodel-code-generator failed: {clean(str(error), 300)}"
            raise ProblemError([Problem((), message, "please report these schemas", code="style")], "models") from error
    if not isinstance(text, str):
        raise ProblemError([Problem((), "datamodel-code-generator wrote no module", code="style")], "models")
    return text
