"""The worker's side of the line protocol."""
