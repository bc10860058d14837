"""What the app knows: one place holds it, widgets show it."""
