"""What the page on lenses promises, and the module that it documents."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata
from atdata import lens as lens_from_the_front
from atdata.lens import Lens, LensNetwork, lens


@atdata.packable
class FullSample:
    image: NDArray
    label: str
    confidence: float
    metadata: dict[str, Any]


@atdata.packable
class SimpleSample:
    label: str
    confidence: float


@atdata.lens
def simplify(src: FullSample) -> SimpleSample:
    """Only the words and the numbers."""
    return SimpleSample(label=src.label, confidence=src.confidence)


@simplify.putter
def simplify_put(view: SimpleSample, source: FullSample) -> FullSample:
    return FullSample(image=source.image, label=view.label, confidence=view.confidence, metadata=source.metadata)


@atdata.packable
class RawSample:
    audio: NDArray
    text: str
    speaker_id: int


@atdata.packable
class TextFeatures:
    text: str
    word_count: int


@atdata.lens
def extract_text(src: RawSample) -> TextFeatures:
    return TextFeatures(text=src.text, word_count=len(src.text.split()))


@extract_text.putter
def extract_text_put(view: TextFeatures, source: RawSample) -> RawSample:
    return RawSample(audio=source.audio, text=view.text, speaker_id=source.speaker_id)


def full(label: str = "cat") -> FullSample:
    return FullSample(image=np.zeros((8, 8, 3)), label=label, confidence=0.95, metadata={"source": "training"})


def test_the_decorator_makes_a_lens_and_registers_it() -> None:
    assert isinstance(simplify, Lens)
    assert isinstance(simplify, atdata.Lens)
    assert (simplify.source_type, simplify.view_type) == (FullSample, SimpleSample)
    assert simplify.__doc__ == "Only the words and the numbers."
    assert LensNetwork().transform(FullSample, SimpleSample) is simplify


def test_every_spelling_of_the_decorator_is_the_same() -> None:
    def getter(src: FullSample) -> TextFeatures:
        return TextFeatures(text=src.label, word_count=1)

    for decorate in (atdata.lens, lens_from_the_front, lens, atdata.lens.lens):
        made = decorate(getter)
        assert isinstance(made, Lens)
        assert made(full()).text == "cat"
        assert LensNetwork().transform(FullSample, TextFeatures) is made


def test_a_lens_is_called_or_asked() -> None:
    assert simplify(full()) == simplify.get(full()) == SimpleSample(label="cat", confidence=0.95)


def test_a_putter_writes_the_view_back_and_keeps_the_rest() -> None:
    source = full()
    updated = simplify.put(SimpleSample(label="dog", confidence=0.87), source)

    assert (updated.label, updated.confidence) == ("dog", 0.87)
    assert updated.image is source.image
    assert updated.metadata == {"source": "training"}
    assert source.label == "cat"


def test_the_putter_stays_a_function() -> None:
    assert inspect.isfunction(simplify_put)
    assert simplify_put(SimpleSample(label="a", confidence=0.5), full()).label == "a"


def test_the_laws_hold_for_what_the_page_calls_well_behaved() -> None:
    source = full()
    one, two = SimpleSample(label="one", confidence=0.1), SimpleSample(label="two", confidence=0.2)

    assert simplify.put(simplify.get(source), source) == source
    assert simplify.get(simplify.put(one, source)) == one
    assert simplify.put(two, simplify.put(one, source)) == simplify.put(two, source)
    atdata.lens.check_laws(simplify, [source, full("bird")], [one, two])


def test_without_a_putter_a_changed_view_changes_nothing() -> None:
    original = full()
    bare = Lens(simplify.get, source_type=FullSample, view_type=SimpleSample)
    updated = bare.put(SimpleSample(label="modified", confidence=0.5), original)

    assert updated is original
    assert updated == original


def test_a_lens_can_be_made_of_two_functions() -> None:
    made = Lens(simplify.get, simplify.put, source_type=FullSample, view_type=SimpleSample)

    assert made.put(SimpleSample(label="dog", confidence=0.5), full()).label == "dog"


def test_there_is_one_network() -> None:
    assert LensNetwork() is LensNetwork()
    assert atdata.LensNetwork is LensNetwork


def test_a_lens_that_is_not_there_is_a_value_error_that_names_both_classes() -> None:
    with pytest.raises(ValueError, match="no lens from SimpleSample to RawSample"):
        LensNetwork().transform(SimpleSample, RawSample)


def test_registering_again_replaces_the_lens() -> None:
    def other(src: FullSample) -> SimpleSample:
        return SimpleSample(label=src.label.upper(), confidence=0.0)

    network = LensNetwork()
    network.register(Lens(other))
    try:
        assert network.transform(FullSample, SimpleSample)(full()).label == "CAT"
    finally:
        network.register(simplify)
    assert network.transform(FullSample, SimpleSample) is simplify


def test_a_dataset_is_seen_through_the_registered_lens() -> None:
    atdata.write([full(f"label {i}") for i in range(10)], "data-%06d.tar", maxcount=5)
    view = atdata.Dataset[FullSample]("data-{000000..000001}.tar").as_type(SimpleSample)
    batch = next(iter(view.ordered(batch_size=8)))

    assert batch.label == [f"label {i}" for i in range(8)]
    assert batch.confidence == [0.95] * 8
    assert not hasattr(batch, "metadata")
    with pytest.raises(ValueError, match="no lens from FullSample to RawSample"):
        atdata.Dataset[FullSample]("data.tar").as_type(RawSample)


def test_features_are_computed_on_the_way() -> None:
    raw = RawSample(audio=np.zeros(16), text="three short words", speaker_id=7)
    features = extract_text(raw)

    assert features == TextFeatures(text="three short words", word_count=3)
    assert extract_text.put(TextFeatures(text="changed", word_count=1), raw).text == "changed"
    assert extract_text.put(features, raw).speaker_id == 7


def test_a_getter_must_have_one_parameter_that_says_its_class() -> None:
    def two(a: FullSample, b: FullSample) -> SimpleSample:
        return simplify(a)

    def silent(a):  # type: ignore[no-untyped-def]
        return a

    with pytest.raises(TypeError, match="exactly one parameter"):
        lens(two)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="annotate"):
        lens(silent)
