"""What made the files in assets/: not part of pgplay, and never needed to run it."""
