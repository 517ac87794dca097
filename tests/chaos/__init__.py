"""Many jobs, and workers that are killed while they run them."""
