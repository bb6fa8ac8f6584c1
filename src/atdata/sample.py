"""Everything that a generated sample module needs, and nothing that it does not.

Importing this loads neither numpy nor ormsgpack nor jinja2.
"""

from __future__ import annotations

from atdata._lazy import lazy_classes
from atdata._samples.base import PackableSample
from atdata._samples.batch import SampleBatch
from atdata._samples.constraints import Labels, Length, MediaType, OneOf, Range, Shape, Unit
from atdata._samples.lazy_numpy import NDArray, np
from atdata._samples.meta import install
from atdata._samples.values import (
    in_array,
    in_bool,
    in_bytes,
    in_dict,
    in_float,
    in_int,
    in_list,
    in_ref,
    in_str,
    missing,
    out_array,
    out_bool,
    out_bytes,
    out_dict,
    out_float,
    out_int,
    out_list,
    out_ref,
    out_str,
)

__all__ = [
    "Labels",
    "Length",
    "MediaType",
    "NDArray",
    "OneOf",
    "PackableSample",
    "Range",
    "SampleBatch",
    "Shape",
    "Unit",
    "in_array",
    "in_bool",
    "in_bytes",
    "in_dict",
    "in_float",
    "in_int",
    "in_list",
    "in_ref",
    "in_str",
    "install",
    "lazy_classes",
    "missing",
    "np",
    "out_array",
    "out_bool",
    "out_bytes",
    "out_dict",
    "out_float",
    "out_int",
    "out_list",
    "out_ref",
    "out_str",
]
