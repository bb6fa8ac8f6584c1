"""Typed samples that pack, batches that stack, schemas that become classes.

Names load on first use: ``import atdata`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atdata import atmosphere as atmosphere
    from atdata import local as local
    from atdata import promote as promote
    from atdata._atmosphere.blobs.source import BlobSource as BlobSource
    from atdata._dataset.dataset import Dataset as Dataset
    from atdata._dataset.iteration import Iteration as Iteration
    from atdata._dataset.mixing import mix as mix
    from atdata._errors import AtdataError as AtdataError
    from atdata._errors import DecodeError as DecodeError
    from atdata._errors import EncodeError as EncodeError
    from atdata._errors import InvalidSampleError as InvalidSampleError
    from atdata._errors import LensError as LensError
    from atdata._errors import MissingFieldError as MissingFieldError
    from atdata._errors import SampleError as SampleError
    from atdata._errors import SchemaError as SchemaError
    from atdata._errors import UnequalShapesError as UnequalShapesError
    from atdata._loading.dataset_dict import DatasetDict as DatasetDict
    from atdata._loading.imports import import_folder as import_folder
    from atdata._loading.imports import import_huggingface as import_huggingface
    from atdata._loading.imports import import_parquet as import_parquet
    from atdata._loading.infer import infer_schema as infer_schema
    from atdata._loading.load import load_dataset as load_dataset
    from atdata._protocols import DataSource as DataSource
    from atdata._protocols import Packable as Packable
    from atdata._samples.base import PackableSample as PackableSample
    from atdata._samples.batch import SampleBatch as SampleBatch
    from atdata._samples.constraints import Labels as Labels
    from atdata._samples.constraints import Length as Length
    from atdata._samples.constraints import MediaType as MediaType
    from atdata._samples.constraints import OneOf as OneOf
    from atdata._samples.constraints import Range as Range
    from atdata._samples.constraints import Shape as Shape
    from atdata._samples.constraints import Unit as Unit
    from atdata._samples.decode import decode_schema as decode_schema
    from atdata._samples.decorate import packable as packable
    from atdata._samples.dict_sample import DictSample as DictSample
    from atdata._shards.errors import MalformedSampleError as MalformedSampleError
    from atdata._shards.errors import ShardError as ShardError
    from atdata._shards.errors import ShardWarning as ShardWarning
    from atdata._sources.errors import ShardNotFoundError as ShardNotFoundError
    from atdata._sources.errors import SourceError as SourceError
    from atdata._sources.errors import UrlError as UrlError
    from atdata._sources.s3 import S3Source as S3Source
    from atdata._sources.url import URLSource as URLSource
    from atdata._sources.verified import ChecksumError as ChecksumError
    from atdata._sources.verified import VerifiedSource as VerifiedSource
    from atdata._writing.errors import KeyClashError as KeyClashError
    from atdata._writing.errors import WriteError as WriteError
    from atdata._writing.manifest import Manifest as Manifest
    from atdata._writing.manifest import ManifestError as ManifestError
    from atdata._writing.write import write as write
    from atdata._writing.writer import ShardWriter as ShardWriter
    from atdata.lens import Lens as Lens
    from atdata.lens import LensNetwork as LensNetwork
    from atdata.lens import lens as lens

_WHERE = {
    "AtdataError": "_errors",
    "BlobSource": "_atmosphere.blobs.source",
    "ChecksumError": "_sources.verified",
    "DataSource": "_protocols",
    "Dataset": "_dataset.dataset",
    "DatasetDict": "_loading.dataset_dict",
    "DecodeError": "_errors",
    "DictSample": "_samples.dict_sample",
    "EncodeError": "_errors",
    "InvalidSampleError": "_errors",
    "Iteration": "_dataset.iteration",
    "KeyClashError": "_writing.errors",
    "Labels": "_samples.constraints",
    "Length": "_samples.constraints",
    "Lens": "lens",
    "LensError": "_errors",
    "LensNetwork": "lens",
    "MalformedSampleError": "_shards.errors",
    "Manifest": "_writing.manifest",
    "ManifestError": "_writing.manifest",
    "MediaType": "_samples.constraints",
    "MissingFieldError": "_errors",
    "OneOf": "_samples.constraints",
    "Packable": "_protocols",
    "PackableSample": "_samples.base",
    "Range": "_samples.constraints",
    "S3Source": "_sources.s3",
    "SampleBatch": "_samples.batch",
    "SampleError": "_errors",
    "SchemaError": "_errors",
    "Shape": "_samples.constraints",
    "ShardError": "_shards.errors",
    "ShardNotFoundError": "_sources.errors",
    "ShardWarning": "_shards.errors",
    "ShardWriter": "_writing.writer",
    "SourceError": "_sources.errors",
    "URLSource": "_sources.url",
    "UnequalShapesError": "_errors",
    "Unit": "_samples.constraints",
    "UrlError": "_sources.errors",
    "VerifiedSource": "_sources.verified",
    "WriteError": "_writing.errors",
    "decode_schema": "_samples.decode",
    "import_folder": "_loading.imports",
    "import_huggingface": "_loading.imports",
    "import_parquet": "_loading.imports",
    "infer_schema": "_loading.infer",
    "load_dataset": "_loading.load",
    "mix": "_dataset.mixing",
    "packable": "_samples.decorate",
    "write": "_writing.write",
}
_MODULES = {"atmosphere", "lens", "local", "promote"}

__all__ = [
    "AtdataError",
    "BlobSource",
    "ChecksumError",
    "DataSource",
    "Dataset",
    "DatasetDict",
    "DecodeError",
    "DictSample",
    "EncodeError",
    "InvalidSampleError",
    "Iteration",
    "KeyClashError",
    "Labels",
    "Length",
    "Lens",
    "LensError",
    "LensNetwork",
    "MalformedSampleError",
    "Manifest",
    "ManifestError",
    "MediaType",
    "MissingFieldError",
    "OneOf",
    "Packable",
    "PackableSample",
    "Range",
    "S3Source",
    "SampleBatch",
    "SampleError",
    "SchemaError",
    "Shape",
    "ShardError",
    "ShardNotFoundError",
    "ShardWarning",
    "ShardWriter",
    "SourceError",
    "URLSource",
    "UnequalShapesError",
    "Unit",
    "UrlError",
    "VerifiedSource",
    "WriteError",
    "decode_schema",
    "import_folder",
    "import_huggingface",
    "import_parquet",
    "infer_schema",
    "lens",
    "load_dataset",
    "mix",
    "packable",
    "write",
]


if not TYPE_CHECKING:  # checkers would take any name for one of ours

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
