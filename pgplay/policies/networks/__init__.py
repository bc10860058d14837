"""The networks themselves: one module per family, built by `build`."""
