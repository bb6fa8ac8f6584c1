"""Datasets of typed samples over shards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, overload
from weakref import ref

from atdata._dataset.access import Access
from atdata._dataset.alias import TypedAlias, sample_type_of
from atdata._dataset.core import Core
from atdata._dataset.described import Described
from atdata._dataset.iteration import Iteration
from atdata._dataset.options import options_of, returned_type
from atdata._dataset.settings import Settings
from atdata._dataset.stored import as_said
from atdata._dataset.view import Step, View
from atdata._errors import shown
from atdata._samples.batch import SampleBatch

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Literal, Self

    from typing_extensions import TypeVar, Unpack

    from atdata._dataset.options import PassOptions, ShuffleOptions
    from atdata._protocols import DataSource
    from atdata._samples.base import PackableSample
    from atdata._shards.errors import OnError

    S_co = TypeVar("S_co", covariant=True, default=Any)
    B = TypeVar("B", bound=SampleBatch[Any])
    V = TypeVar("V")
else:
    from typing import TypeVar

    S_co = TypeVar("S_co", covariant=True)
    V = TypeVar("V")

__all__ = ["Dataset"]


class Dataset(Described, Access[S_co], Generic[S_co]):
    """Samples of one class in shards: one after the other, shuffled, in batches, or by number.

    ``source`` is a path or URL (brace notation names several shards), a list of them, or any
    :class:`~atdata.DataSource`. Nothing is opened before the data is asked for. ``on_error`` says what
    becomes of what cannot be read: ``"raise"``, ``"skip"`` (with a warning for each loss) or a function. With ``check``
    what is read is held against the class as the writer does it: dtypes, shapes, shared dimensions and bounds; what
    does not fit is an :class:`~atdata.InvalidSampleError`, and goes the way of ``on_error``.

    Samples of ordinary WebDataset shards have a member for each part; ``members`` says where each field is read:
    ``{"image": "jpg", "label": "cls", "caption": "json#/caption"}``. The class of a schema that was drafted of such
    shards (:func:`~atdata.infer_schema`) knows it by itself.

    >>> import tempfile, atdata
    >>> @atdata.packable
    ... class Word:
    ...     text: str
    >>> folder = tempfile.TemporaryDirectory()
    >>> written = atdata.write([Word(text=t) for t in "abc"], f"{folder.name}/words.tar")
    >>> words = Dataset[Word](f"{folder.name}/words.tar")
    >>> [batch.text for batch in words.ordered(batch_size=2)]
    [['a', 'b'], ['c']]
    >>> len(words), words[-1]
    (3, Word(text='c'))
    >>> folder.cleanup()
    """

    def __class_getitem__(cls, item: Any) -> Any:
        alias = super().__class_getitem__(item)  # type: ignore[misc]  # typeshed hides Generic's
        return TypedAlias(cls, alias.__args__) if isinstance(item, type) else alias

    def __init__(
        self,
        source: DataSource | str | Path | Sequence[str | Path] | None = None,
        metadata_url: str | None = None,
        *,
        url: str | None = None,
        on_error: OnError = "raise",
        members: Mapping[str, str] | None = None,
        check: bool = False,
    ) -> None:
        sample_type = sample_type_of(self)
        if (source is None) == (url is None):
            raise TypeError("a Dataset is made of one source: a path, a URL, a list of them, or a DataSource object")
        given: Any = url if source is None else source
        if not hasattr(given, "open_shard"):
            from atdata._sources.named import named_source

            given = named_source(given)
        from atdata._dataset.losses import Losses

        Losses(on_error)  # refuses what it does not know
        title = f"Dataset[{sample_type.__name__}]"
        stored = None if members is None else as_said(members, sample_type)
        if check and not hasattr(sample_type, "__dataclass_fields__"):
            raise TypeError(f"check=True holds samples against their class, and {title} says nothing of its fields")
        self._core = Core(given, View(sample_type, sample_type), title, on_error, stored=stored, check=bool(check))
        self._metadata_url = metadata_url
        self._metadata: dict[str, Any] | None = None
        self._latest: Callable[[], Iteration[Any] | None] = _none
        self._pending: dict[str, Any] | None = None

    def _with(self, core: Core) -> Any:
        """Another face of the same data."""
        made: Any = object.__new__(Dataset)
        made._sample_type = core.view.sample_type
        made._core = core
        core.title = f"Dataset[{core.view.sample_type.__name__}]"
        made._metadata_url = self._metadata_url
        made._metadata = self._metadata
        made._latest = _none
        made._pending = None
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_latest": _none}  # a pass under way stays where it is

    # ------------------------------------------------------------------ what it is

    @property
    def sample_type(self) -> type[S_co]:
        """The class of the samples."""
        return self._core.view.sample_type

    @property
    def batch_type(self) -> Any:
        """``SampleBatch`` of the sample type."""
        return SampleBatch[self.sample_type]  # type: ignore[name-defined]  # a type made at run time

    # ------------------------------------------------------------------ iteration

    @overload
    def ordered(self, batch_size: None = None, **options: Unpack[PassOptions]) -> Iteration[S_co]: ...
    @overload
    def ordered(self: Dataset[PackableSample[B]], batch_size: int, **options: Unpack[PassOptions]) -> Iteration[B]: ...
    @overload
    def ordered(self, batch_size: int, **options: Unpack[PassOptions]) -> Iteration[SampleBatch[Any]]: ...
    def ordered(self, batch_size: int | None = None, **options: Unpack[PassOptions]) -> Iteration[Any]:
        """All samples in the order of the shards: one by one, or in batches of ``batch_size``.

        The last batch may be short. The order does not depend on the number of workers or ranks. Options:
        ``rank`` and ``world_size``, ``even`` (``"drop"``, ``"pad"`` or ``"error"``: equally many full batches
        for each rank), ``progress`` (a bar, where a terminal shows it).
        """
        return self._iteration(Settings(batch_size=batch_size, **options_of(options)))

    @overload
    def shuffled(
        self,
        buffer_shards: int = 100,
        buffer_samples: int = 10_000,
        batch_size: None = None,
        **options: Unpack[ShuffleOptions],
    ) -> Iteration[S_co]: ...
    @overload
    def shuffled(
        self: Dataset[PackableSample[B]],
        buffer_shards: int = 100,
        buffer_samples: int = 10_000,
        *,
        batch_size: int,
        **options: Unpack[ShuffleOptions],
    ) -> Iteration[B]: ...
    @overload
    def shuffled(
        self,
        buffer_shards: int = 100,
        buffer_samples: int = 10_000,
        *,
        batch_size: int,
        **options: Unpack[ShuffleOptions],
    ) -> Iteration[SampleBatch[Any]]: ...
    @overload
    def shuffled(
        self, buffer_shards: int, buffer_samples: int, batch_size: int, **options: Unpack[ShuffleOptions]
    ) -> Iteration[SampleBatch[Any]]: ...
    def shuffled(
        self,
        buffer_shards: int = 100,
        buffer_samples: int = 10_000,
        batch_size: int | None = None,
        *,
        seed: int = 0,
        initial: int | None = None,
        mode: Literal["auto", "global", "window"] = "auto",
        **options: Unpack[PassOptions],
    ) -> Iteration[Any]:
        """All samples in an order of chance that ``seed`` and the pass's epoch determine.

        Shards that are files here are shuffled as a whole (``mode="global"``), which takes no memory; so
        that it begins at once, they have an index (as :func:`atdata.write` makes it) or are not more than
        1 GiB, and not more than 256 files. Others are read one after the other, in an order of chance, and
        shuffled in a window of ``buffer_samples`` (``mode="window"``); ``buffer_shards`` is how far a shard
        may move forward. Windows begin small, so that the first samples come soon. ``initial`` is another
        name of ``buffer_samples``.

        Every new pass has the next epoch's order; :meth:`set_epoch` names the epoch. Options are those of
        :meth:`ordered`.
        """
        settings = Settings(
            mode=mode,
            batch_size=batch_size,
            seed=seed,
            buffer_shards=buffer_shards,
            buffer_samples=buffer_samples if initial is None else initial,
            **options_of(options, shuffled=True),
        )
        return self._iteration(settings)

    def _iteration(self, settings: Settings) -> Iteration[Any]:
        made: Iteration[Any] = Iteration(self._core, settings)
        if self._pending is not None:
            pending, self._pending = self._pending, None
            made.load_state_dict(pending)
        self._latest = ref(made)
        return made

    def __iter__(self) -> Iterator[S_co]:
        return iter(self.ordered())

    def head(self, n: int = 5) -> list[S_co]:
        """The first ``n`` samples."""
        if isinstance(n, bool) or not hasattr(n, "__index__") or n < 0:
            raise TypeError(f"head needs a number of samples, not {shown(n)}")
        return list(islice(self.ordered(), n))

    def set_epoch(self, epoch: int) -> None:
        """Number the next shuffled pass ``epoch``; passes after it count on from there."""
        self._core.epochs.set(epoch)

    def state_dict(self) -> dict[str, Any]:
        """Where the pass stands that was made last by :meth:`ordered` or :meth:`shuffled`."""
        latest = self._latest()
        if latest is None:
            raise ValueError("no pass was begun, or it is gone; keep what ordered() or shuffled() returned")
        return latest.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next pass that is made go on from ``state``."""
        from atdata._dataset.state import Progress

        Progress.from_dict(state)
        self._pending = dict(state)

    # ------------------------------------------------------------------ views

    def as_type(self, other: type[V]) -> Dataset[V]:
        """The same samples seen as ``other``, through the lens registered between the two classes.

        ``ValueError`` when there is none. Where the lens works field by field, whole batches go through it,
        and fields that it does not read are not decoded.
        """
        from atdata.lens import LensNetwork

        if not isinstance(other, type):
            raise TypeError(f"as_type needs a sample class, not {shown(other)}")
        core, view = self._core, self._core.view
        found: Any = LensNetwork().transform(self.sample_type, other)
        if found.source_type is found.view_type:
            return self._with(core.with_view(view))  # type: ignore[no-any-return]
        if not view.steps and LensNetwork().reads_anew(found):
            # what the untyped sample would be made of is read as the class at once
            return self._with(replace(core, view=View(other, other), look=core.stored is None))  # type: ignore[no-any-return]
        step = Step(found.get, columns=found.columns, fields=found.fields, view=other.__name__)
        return self._with(core.with_view(view.then(step, other)))  # type: ignore[no-any-return]

    def map(self, function: Callable[[S_co], V], sample_type: type[V] | None = None) -> Dataset[V]:
        """Every sample through ``function``, when it is read. ``sample_type`` is the class of what comes out.

        By default it is what the function says that it returns. Workers need functions that pickle.
        """
        _called("map", function)
        kind = sample_type or returned_type(function) or self.sample_type
        return self._with(self._core.with_view(self._core.view.then(Step(function), kind)))  # type: ignore[no-any-return]

    def filter(self, predicate: Callable[[S_co], object]) -> Self:
        """Only the samples for which ``predicate`` holds. Batches are filled up, and ``len`` is not known."""
        _called("filter", predicate)
        step = Step(predicate, keep=True)
        return self._with(self._core.with_view(self._core.view.then(step, self.sample_type)))  # type: ignore[no-any-return]

    def select(self, numbers: Iterable[int]) -> Self:
        """Only the samples of these numbers (counted from 0), in this order.

        Needs shards that are files here, or have an index and lie on a server that answers range requests.
        """
        return self._with(self._chosen(numbers))  # type: ignore[no-any-return]


def _none() -> None:
    return None


def _called(what: str, function: object) -> None:
    if not callable(function):
        raise TypeError(f"{what} needs a function of one sample, not {shown(function)}")
