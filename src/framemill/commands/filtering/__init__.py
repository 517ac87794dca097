"""Filters of the `filter` operation as ffmpeg writes them; values come in checked, never a user's text."""
