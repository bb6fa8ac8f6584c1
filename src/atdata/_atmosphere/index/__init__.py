"""Repositories as an index of datasets and schemas."""
