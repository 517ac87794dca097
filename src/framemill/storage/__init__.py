"""Where files are kept: the BlobStore port, its adapters, and what is sealed and signed there."""
