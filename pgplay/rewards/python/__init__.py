"""Python rewards: found, agreed to, and run in their own process."""
