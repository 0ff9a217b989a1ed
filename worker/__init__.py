"""The work: joins feeds and parsers; owns time, state and delivery."""
