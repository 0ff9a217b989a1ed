"""The parts of `benchmarks.soak`: what is published, what runs, what goes wrong, and the counting."""
