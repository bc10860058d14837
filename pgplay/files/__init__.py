"""Files as such: crash-safe writes, checked names, locks, and text that is decoded and checked."""
