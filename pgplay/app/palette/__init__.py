"""The palette: everything that can be done, set, plotted or read, found by name, description and synonym."""
