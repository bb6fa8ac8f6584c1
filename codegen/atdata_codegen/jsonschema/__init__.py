"""Lexicon documents and sample schemas as JSON Schema 2020-12, and schemas for the editors that write them."""
