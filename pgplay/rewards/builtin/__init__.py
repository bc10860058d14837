"""Built-in rewards: comparisons with the target, and style without one."""
