"""Parts of `benchmarks.scaled`."""
