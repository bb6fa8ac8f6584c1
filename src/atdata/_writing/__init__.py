"""Samples into tar shards: whole files, or none."""
