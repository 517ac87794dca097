"""Argument lists, filter graphs and the reading of what tools print: pure functions, no processes."""
