"""The checks of a GPU, for a machine that has one: tests/gpu/check.sh. In CI they run on the CPU."""
