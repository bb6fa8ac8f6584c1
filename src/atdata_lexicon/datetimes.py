"""The string format `datetime`: what RFC 3339, ISO 8601 and HTML all accept."""

from __future__ import annotations

from ._patterns import pattern

__all__ = ["is_datetime"]

_MAX_LENGTH = 64
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_datetime(text: object) -> bool:
    """Whether a text is a moment with seconds and a time zone, such as `2026-01-31T12:00:00.000Z`.

    The day must exist. Leap seconds, the zone `-00:00` and moments before the year 0 are refused.

    >>> is_datetime("2024-02-29T12:00:00+01:00"), is_datetime("2023-02-29T12:00:00Z"), is_datetime("2024-02-29")
    (True, False, False)
    """
    if not isinstance(text, str) or len(text) > _MAX_LENGTH:
        return False
    if pattern("plain-datetime").fullmatch(text) is not None:
        return True
    match = pattern("datetime").fullmatch(text)
    if match is None:
        return False
    year, month, day, hour, minute, second = (int(group) for group in match.group(1, 2, 3, 4, 5, 6))
    if not 1 <= month <= 12 or hour > 23 or minute > 59 or second > 59:
        return False
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= day <= _DAYS[month - 1] + leap:
        return False
    sign, zone_hour, zone_minute = match.group(7, 8, 9)
    if sign is None:
        return True
    offset = int(zone_hour) * 60 + int(zone_minute)
    if int(zone_hour) > 23 or int(zone_minute) > 59 or (sign == "-" and offset == 0):
        return False
    before_year_0 = sign == "+" and year == 0 and month == day == 1 and hour * 60 + minute < offset
    return not before_year_0
