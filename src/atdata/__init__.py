"""Typed samples that pack, batches that stack, schemas that become classes.

Names load on first use: ``import atdata`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atdata._batch import SampleBatch as SampleBatch
    from atdata._constraints import Labels as Labels
    from atdata._constraints import MediaType as MediaType
    from atdata._constraints import OneOf as OneOf
    from atdata._constraints import Range as Range
    from atdata._constraints import Shape as Shape
    from atdata._constraints import Unit as Unit
    from atdata._decode import decode_schema as decode_schema
    from atdata._decorate import packable as packable
    from atdata._dict_sample import DictSample as DictSample
    from atdata._errors import AtdataError as AtdataError
    from atdata._errors import DecodeError as DecodeError
    from atdata._errors import EncodeError as EncodeError
    from atdata._errors import InvalidSampleError as InvalidSampleError
    from atdata._errors import LensError as LensError
    from atdata._errors import MissingFieldError as MissingFieldError
    from atdata._errors import SampleError as SampleError
    from atdata._errors import SchemaError as SchemaError
    from atdata._errors import UnequalShapesError as UnequalShapesError
    from atdata._packable import PackableSample as PackableSample
    from atdata._protocols import Packable as Packable
    from atdata.lens import Lens as Lens
    from atdata.lens import LensNetwork as LensNetwork
    from atdata.lens import lens as lens

_WHERE = {
    "AtdataError": "_errors",
    "DecodeError": "_errors",
    "DictSample": "_dict_sample",
    "EncodeError": "_errors",
    "InvalidSampleError": "_errors",
    "Labels": "_constraints",
    "Lens": "lens",
    "LensError": "_errors",
    "LensNetwork": "lens",
    "MediaType": "_constraints",
    "MissingFieldError": "_errors",
    "OneOf": "_constraints",
    "Packable": "_protocols",
    "PackableSample": "_packable",
    "Range": "_constraints",
    "SampleBatch": "_batch",
    "SampleError": "_errors",
    "SchemaError": "_errors",
    "Shape": "_constraints",
    "UnequalShapesError": "_errors",
    "Unit": "_constraints",
    "decode_schema": "_decode",
    "packable": "_decorate",
}
_MODULES = {"lens"}

__all__ = [
    "AtdataError",
    "DecodeError",
    "DictSample",
    "EncodeError",
    "InvalidSampleError",
    "Labels",
    "Lens",
    "LensError",
    "LensNetwork",
    "MediaType",
    "MissingFieldError",
    "OneOf",
    "Packable",
    "PackableSample",
    "Range",
    "SampleBatch",
    "SampleError",
    "SchemaError",
    "Shape",
    "UnequalShapesError",
    "Unit",
    "decode_schema",
    "lens",
    "packable",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"atdata.{name}")
    if name in _WHERE:
        value = getattr(importlib.import_module(f"atdata.{_WHERE[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'atdata' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
