"""Worker processes: the pool of one machine."""
