"""Many runs on a Ray cluster: each trains on a node, and comes back into the person's store while it does."""
