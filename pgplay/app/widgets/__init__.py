"""Panels and controls: each shows the state and posts messages; none owns state."""
