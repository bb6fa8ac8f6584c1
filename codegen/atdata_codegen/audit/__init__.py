"""The closed door behind rendering: generated source is parsed and compared with a list of what may stand in it.

Even if a template or a plan had a hole, a stranger's schema could not bring a loop, a lambda, an
import or a call that our templates do not use.
"""

from __future__ import annotations

from atdata_codegen.audit.errors import AuditError
from atdata_codegen.audit.walk import audit, compile_checked

__all__ = ["AuditError", "audit", "compile_checked"]
