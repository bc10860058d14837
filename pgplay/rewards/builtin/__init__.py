"""The rewards that ship: comparisons with the target, and style without one."""
