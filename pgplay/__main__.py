"""The command `pgplay`, also as `python -m pgplay`."""

import gc


def main() -> int:
    """Run the command; returns its exit status, 130 also for a Ctrl-C that comes before anything is loaded."""
    try:
        from pgplay.cli import main as run
    except KeyboardInterrupt:
        return 130
    status = run()
    gc.freeze()  # Python's last search for garbage would take the app another tenth of a second
    return status


if __name__ == "__main__":
    raise SystemExit(main())
