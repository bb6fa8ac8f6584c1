"""Options that every command with a network has, and the settings that they become."""

from __future__ import annotations

import argparse

from atdata_codegen.remote.network import PLC, Network, origin_of
from atdata_lexicon.syntax import is_did, is_handle

__all__ = ["add_network_options", "network_of"]


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--service``, ``--plc``, ``--trust``, ``--authority`` and ``--timeout``."""
    group = parser.add_argument_group("network")
    add = group.add_argument
    add("--service", metavar="URL", help="the server of the repository, instead of the one its DID names")
    add("--plc", default=PLC, metavar="URL", help=f"directory of did:plc identities (default: {PLC})")
    add(
        "--trust",
        action="append",
        default=[],
        metavar="URL",
        help="a server of your own, on a private address or by HTTP",
    )
    add("--authority", action="append", default=[], metavar="DOMAIN=DID",
        help="whose repository holds the Lexicons of a domain, instead of asking the DNS")  # fmt: skip
    add("--timeout", type=float, default=30.0, metavar="SECONDS", help="how long one answer may take (default: 30)")


def network_of(options: argparse.Namespace, parser: argparse.ArgumentParser) -> Network:
    """The settings; servers that were named by hand are trusted. Ends the program for options that mean nothing."""
    authorities: dict[str, str] = {}
    for text in options.authority:
        domain, _, did = text.partition("=")
        if not is_did(did) or not is_handle(domain):
            parser.error(f"--authority {text!r}: write DOMAIN=DID, such as example.com=did:plc:abc")
        authorities[domain.lower()] = did
    named = [url for url in (options.service, options.plc, *options.trust) if url and url != PLC]
    if not 0 < options.timeout <= 3600:
        parser.error("--timeout: give seconds, up to an hour")
    return Network(options.plc, frozenset(origin_of(url) for url in named), options.timeout, authorities)
