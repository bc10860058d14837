"""Rewards: built-in ones, formulas, and Python in its own process.

`reward.build_reward` makes a Reward from a RewardSpec or a formula.
"""
