"""pgplay from Python and notebooks: what the command line does, on the same stores, in the person's own process."""

from pgplay.worker.session.cpu_cores import let_waiting_threads_sleep

let_waiting_threads_sleep()  # here, before any module of the package loads torch
