"""Tar files as blocks of samples."""
