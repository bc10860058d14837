"""The networks: one module per family, built by `build`."""
