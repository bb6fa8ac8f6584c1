"""Data that others wrote, as fields of samples: members mapped, values made to fit, types seen."""
