"""The one door to the DNS: the TXT records of a name."""

from __future__ import annotations

from atdata_codegen.problems import clean
from atdata_codegen.remote.errors import RemoteError

__all__ = ["txt_records"]


def txt_records(name: str, timeout: float) -> list[str]:
    """The TXT records of ``name``; none where there is no such name.

    Raises :class:`RemoteError` when the DNS does not answer, or the package dnspython is not installed.
    """
    try:
        from dns.exception import DNSException
        from dns.resolver import NXDOMAIN, NoAnswer, resolve
    except ImportError as error:
        hint = "run: pip install 'atdata[atmosphere]'; or say whose schemas they are with --authority"
        raise RemoteError(name, "looking it up needs the package dnspython", hint) from error
    try:
        return [b"".join(entry.strings).decode("utf-8", "replace") for entry in resolve(name, "TXT", lifetime=timeout)]
    except (NXDOMAIN, NoAnswer):
        return []
    except DNSException as error:
        raise RemoteError(name, f"the DNS does not answer: {clean(str(error), 200)}", "try again") from error
