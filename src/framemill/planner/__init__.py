"""From specs to a plan: compile, fuse, estimate, fingerprint. Pure."""
