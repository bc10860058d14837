"""The reward that is being edited, and scoring it in the background."""
