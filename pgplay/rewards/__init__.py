"""What is GOOD: built-in rewards, formulas, a person's own Python, and the process that runs it.

`scoring.build_reward` turns what a person typed into a Reward; the other modules serve it.
"""
