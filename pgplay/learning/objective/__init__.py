"""From a scored batch to one update: forward pass, advantages, loss, optimiser."""
