"""The outside: which sources there are, and how to ask them politely. Knows nothing of meaning."""
