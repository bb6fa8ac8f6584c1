"""Schemas in repositories of the AT Protocol: found, checked, brought here, and published."""
