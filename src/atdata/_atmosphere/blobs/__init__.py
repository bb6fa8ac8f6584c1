"""Shards as blobs: read and checked by anyone, written by the owner of a repository."""
