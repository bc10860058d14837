"""What keys and messages do: each controller acts on the state through the app's host."""
