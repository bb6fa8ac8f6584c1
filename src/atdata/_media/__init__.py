"""Encoded images and sounds as arrays; :mod:`atdata.media` is the front door."""
