"""Lint: what is wrong, doubtful or not portable in schema documents, rule by rule."""
