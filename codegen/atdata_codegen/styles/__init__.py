"""Record models in the styles of other libraries, made by datamodel-code-generator from our JSON Schemas."""

from __future__ import annotations

from atdata_codegen.styles.render import STYLE_MODULES, render_style, style_key

__all__ = ["STYLE_MODULES", "render_style", "style_key"]
