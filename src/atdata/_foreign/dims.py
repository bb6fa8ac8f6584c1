"""Shapes as a schema writes them: sizes where they are constant, names where arrays change together, else ``_``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

__all__ = ["shapes_of"]

#: Sizes of one axis, by number of sample.
_Axis = dict[int, int]
_LETTERS = ("n", "m", "k", "p", "q", "r", "s", "t")


def shapes_of(fields: Mapping[str, Mapping[int, tuple[int, ...]]]) -> dict[str, list[str]]:
    """The shape of each field, from the shapes that its arrays had in each sample. None where the rank changes.

    >>> shapes_of({"image": {0: (4, 6, 3), 1: (8, 2, 3)}, "mask": {0: (4, 6), 1: (8, 2)}, "v": {0: (5,), 1: (7,)}})
    {'image': ['h', 'w', '3'], 'mask': ['h', 'w'], 'v': ['_']}
    """
    ranks = {name: {len(shape) for shape in shapes.values()} for name, shapes in fields.items()}
    axes: dict[tuple[str, int], _Axis] = {
        (name, axis): {number: shape[axis] for number, shape in shapes.items()}
        for name, shapes in fields.items()
        if len(ranks[name]) == 1
        for axis in range(next(iter(ranks[name])))
    }
    groups = _groups({where: sizes for where, sizes in axes.items() if len(set(sizes.values())) > 1})
    names = _named(groups, fields)
    return {
        name: [names.get((name, axis)) or _size(axes[name, axis]) for axis in range(next(iter(rank)))]
        for name, rank in ranks.items()
        if len(rank) == 1
    }


def _size(axis: _Axis) -> str:
    sizes = set(axis.values())
    return str(sizes.pop()) if len(sizes) == 1 else "_"


def _groups(axes: Mapping[tuple[str, int], _Axis]) -> list[list[tuple[str, int]]]:
    """Axes that have the same size in every sample, and not just once."""
    groups: list[list[tuple[str, int]]] = []
    for where, sizes in axes.items():
        for group in groups:
            if all(_alike(sizes, axes[other]) for other in group):
                group.append(where)
                break
        else:
            groups.append([where])
    return groups


def _alike(a: _Axis, b: _Axis) -> bool:
    both = a.keys() & b.keys()
    return all(a[i] == b[i] for i in both) and len({a[i] for i in both}) > 1


def _named(
    groups: list[list[tuple[str, int]]], fields: Mapping[str, Mapping[int, tuple[int, ...]]]
) -> dict[tuple[str, int], str]:
    taken: set[str] = set()
    names: dict[tuple[str, int], str] = {}
    for group in groups:
        image = {axis for name, axis in group if axis < 2 and _is_image(fields[name])}
        if len(group) == 1 and not image:
            continue
        wanted = ("h", "w")[min(image)] if image else ""
        name = wanted if wanted and wanted not in taken else next(n for n in _letters() if n not in taken)
        taken.add(name)
        names.update(dict.fromkeys(group, name))
    return names


def _is_image(shapes: Mapping[int, tuple[int, ...]]) -> bool:
    return all(len(shape) == 3 and 1 <= shape[2] <= 4 for shape in shapes.values())


def _letters() -> Iterator[str]:
    yield from _LETTERS
    number = 1
    while True:
        yield f"d{number}"
        number += 1
