"""The meaning: bytes in, judged articles out. No network, no storage, no clock, no environment."""
