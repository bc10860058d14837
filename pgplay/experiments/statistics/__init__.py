"""Statistics over seeds: pure functions on numbers, without torch and without files."""
