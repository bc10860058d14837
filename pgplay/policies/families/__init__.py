"""The model families without torch: sizes, parameters, operations, defaults. One file per family."""
