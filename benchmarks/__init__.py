"""Measurements: each a command of its own, with a yardstick in the same run."""
