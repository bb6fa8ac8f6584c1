"""Bytes of samples into columns and samples: one narrow interface, :class:`Decoder`, made from a sample type."""

from __future__ import annotations

from atdata._decoding.decoder import decoder_for
from atdata._decoding.protocol import Columns, Decoder, Piece, SampleBlock

__all__ = ["Columns", "Decoder", "Piece", "SampleBlock", "decoder_for"]
