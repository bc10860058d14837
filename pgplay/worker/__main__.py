"""`python -m pgplay.worker`: a worker on standard input and output."""

from pgplay.worker.server import main

main()
