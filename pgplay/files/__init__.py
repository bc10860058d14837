"""Files: crash-safe writes, checked names, locks, decoded and validated text."""
