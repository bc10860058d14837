"""Tests of pgplay from Python."""
