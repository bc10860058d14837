"""Commands that run on another machine: the near side, which prints, and the far side, which runs them as jobs."""
