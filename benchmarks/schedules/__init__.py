"""Worlds, schedules and scores of `benchmarks.polling`."""
