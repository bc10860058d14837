"""A person's own Python as a reward: found, agreed to, and run in a process of its own."""
