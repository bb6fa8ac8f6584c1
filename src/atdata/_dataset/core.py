"""What a dataset is without its face: a source, a view of its samples, and the state that its passes share."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from atdata._dataset.view import View, batch_of
from atdata._samples.batch import SampleBatch, batch_type_of
from atdata._shards.remote import RemoteShard

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from atdata._dataset.losses import Losses
    from atdata._dataset.mixing import Mixture
    from atdata._dataset.settings import Settings
    from atdata._dataset.stored import Stored
    from atdata._dataset.table import Table
    from atdata._decoding import Columns, Decoder
    from atdata._order import Slot, Span
    from atdata._protocols import DataSource
    from atdata._shards.errors import OnError
    from atdata._shards.local import ShardFile

__all__ = ["Core", "Epochs"]


class Epochs:
    """Numbers passes, so that each shuffled pass has an order of its own."""

    def __init__(self) -> None:
        self.next = 0

    def set(self, epoch: int) -> None:
        """Number the next pass ``epoch``."""
        if isinstance(epoch, bool) or not isinstance(epoch, int) or epoch < 0:
            raise ValueError(f"an epoch is a number from 0 on, not {epoch!r}")
        self.next = epoch

    def take(self) -> int:
        """The number of a pass that begins now."""
        epoch = self.next
        self.next += 1
        return epoch


@dataclass(slots=True)
class Core:
    """``chosen`` are the numbers of the only samples there are, when some were selected."""

    source: DataSource
    view: View
    title: str
    on_error: OnError = "raise"
    chosen: NDArray[np.int64] | range | None = None
    mixture: Mixture | None = None
    #: None until the shards were looked at, where nothing else says it.
    stored: Stored | None = None
    #: Whether only a look at the shards can say it, whatever the sample type.
    look: bool = False
    #: Whether stored samples are held against all that their class says.
    check: bool = False
    epochs: Epochs = field(default_factory=Epochs)
    _files: OrderedDict[str, ShardFile | RemoteShard] = field(default_factory=OrderedDict)
    _lock: Any = field(default_factory=threading.Lock)
    _random: Table | None = None
    _decoder: tuple[Stored, type[Any], Decoder[Any]] | None = None

    @property
    def whole(self) -> bool:
        """Whether its shards alone are the dataset: nothing is selected, changed, mixed, or mapped by the user."""
        from atdata._dataset.stored import as_said

        mapped = self.stored is not None and self.stored.mapping is not None
        mapped = mapped and as_said(None, self.view.stored) is not None
        return not (self.view.steps or self.chosen is not None or self.mixture is not None or mapped)

    def with_view(self, view: View) -> Core:
        """The same samples, seen another way."""
        return replace(self, view=view)

    def shards(self) -> list[str]:
        """The names of all shards."""
        from atdata._sources.listing import shard_names

        return shard_names(self.source)

    def layout(self) -> Stored:
        """How the samples lie in the shards; where nobody said it, the first shard is looked at."""
        if self.stored is None:
            from atdata._dataset.stored import PACKED, as_found, as_said

            said = None if self.look else as_said(None, self.view.stored)
            self.stored = said or as_found(self.source, self.view.stored)
            return self.stored or PACKED
        return self.stored

    def decoder(self) -> Decoder[Any]:
        """What makes the stored samples of their bytes, the same one each time."""
        layout, kind = self.layout(), self.view.stored
        if self._decoder is None or self._decoder[:2] != (layout, kind):
            decoder = layout.decoder(kind)
            if self.check:
                from atdata._decoding.checked import checked

                decoder = checked(decoder, kind)
            self._decoder = layout, kind, decoder
        return self._decoder[2]

    def local(self, shards: Sequence[str]) -> bool:
        """Whether any sample can be reached at once."""
        from atdata._dataset.table import all_mapped

        return all_mapped(self.source, shards)

    def ranged(self, shards: Sequence[str]) -> bool:
        """Whether samples can be fetched one by one from where they are: servers let them, and there are indexes."""
        from atdata._shards.remote import remote_shard

        if not hasattr(self.source, "ranges") or self.layout().extensions is not None or not shards:
            return False
        with self._lock:
            if shards[0] not in self._files:
                found = remote_shard(self.source, shards[0])
                if found is None:
                    return False
                self._files[shards[0]] = found
            return isinstance(self._files[shards[0]], RemoteShard)

    def table(self, shards: Sequence[str], *, remote: bool = False) -> Table:
        """The shards as numbered samples: files here, or ``remote`` ones."""
        from atdata._dataset.table import Table, fresh

        with self._lock:
            return Table(self.source, shards, fresh(self._files), self.layout().extensions, remote=remote)

    def open_table(self, losses: Losses, what: str) -> Table:
        """The table with all shards open; ``what`` could not be done without."""
        shards = self.shards()
        local = self.local(shards)
        if not local and not self.ranged(shards):
            raise TypeError(
                f"{what} needs shards that are plain .tar files on this machine, or that have an index and a server "
                "which answers range requests; others are read from the beginning: use ordered() or head(), "
                "or let the source keep copies with cache_dir="
            )
        table = self.table(shards, remote=not local)
        table.open_all(losses)
        return table

    def random_table(self) -> Table:
        """The table for access by number, opened once."""
        if self._random is None:
            from atdata._dataset.losses import Losses

            self._random = self.open_table(Losses(self.on_error), "access by number")
        return self._random

    def count(self, *, look: bool = True) -> int:
        """How many samples there are before any filter; with ``look``, of the files as they are now."""
        from atdata._dataset.table import fresh

        before = len(self._files)
        if look and self._random is not None and len(fresh(self._files)) < before:
            self._random = None
        if self.mixture is not None:
            return self.mixture.count(self)
        if self.chosen is not None:
            return len(self.chosen)
        return self.random_table().count

    def span(self, settings: Settings, slot: Slot, start: int, total: int | None) -> Span:
        """The part of a pass that ``slot`` reads."""
        from atdata._order import Span

        return Span(slot, settings.batch_size or 1, start, total, settings.even)

    def batch_maker(self) -> Callable[[Columns, int, int], Any]:
        """What makes batches of decoded columns."""
        view = self.view
        cls = view.sample_type
        kind: type[SampleBatch[Any]] = batch_type_of(cls)
        if not view.steps:

            def plain(columns: Columns, low: int, high: int) -> Any:
                return kind._from_reader(
                    cls,
                    columns.part(low, high),
                    high - low,
                    lambda: columns.rows(low, high),
                    lambda row: columns.place(low + row),
                )

            return plain
        if view.columnar:

            def through(columns: Columns, low: int, high: int) -> Any:
                part: Any = columns.part(low, high)
                for step in view.steps:
                    assert step.columns is not None
                    part = step.columns(part, high - low)
                return kind._from_reader(
                    cls,
                    part,
                    high - low,
                    lambda: view.samples(columns.rows(low, high)),
                    lambda row: columns.place(low + row),
                )

            return through

        def changed(columns: Columns, low: int, high: int) -> Any:
            return batch_of(cls, view.samples(columns.rows(low, high)))

        return changed

    def __getstate__(self) -> dict[str, Any]:
        left = ("_files", "_lock", "_random", "_decoder")
        return {name: getattr(self, name) for name in self.__slots__ if name not in left}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self._files = OrderedDict()
        self._lock = threading.Lock()
        self._random = self._decoder = None
