"""The command `pgplay`, also as `python -m pgplay`."""


def main() -> int:
    """Run the command; returns its exit status, 130 also for a Ctrl-C that comes before anything is loaded."""
    try:
        from pgplay.cli import main as run
    except KeyboardInterrupt:
        return 130
    return run()


if __name__ == "__main__":
    raise SystemExit(main())
