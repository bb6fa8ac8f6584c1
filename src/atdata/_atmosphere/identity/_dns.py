"""TXT records of the DNS, by dnspython, which comes with the AT Protocol's SDK."""

from __future__ import annotations

__all__ = ["can_look_up", "txt_records"]

_MAX_RECORDS = 100


def can_look_up() -> bool:
    """Whether the package is there."""
    from importlib.util import find_spec

    return find_spec("dns") is not None


def txt_records(name: str, timeout: float) -> list[str]:
    """The TXT records of ``name``; none when there is no such name, or nobody answers in time."""
    import dns.exception
    import dns.resolver

    try:
        answer = dns.resolver.Resolver().resolve(name, "TXT", lifetime=timeout, raise_on_no_answer=False)
    except (dns.exception.DNSException, OSError, ValueError):
        return []
    found = []
    for record in list(answer.rrset or ())[:_MAX_RECORDS]:
        try:
            found.append(b"".join(record.strings).decode("ascii"))
        except (UnicodeDecodeError, AttributeError):
            continue
    return found
