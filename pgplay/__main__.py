"""`python -m pgplay` is the command `pgplay`."""

from pgplay.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
