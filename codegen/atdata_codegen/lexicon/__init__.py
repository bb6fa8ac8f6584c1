"""Lexicon documents: parsed to a closed model, planned as Python modules, rendered."""
