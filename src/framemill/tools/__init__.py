"""The only room that starts processes: finding binaries, running them under limits, probing."""
