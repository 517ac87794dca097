"""The command line: reads arguments, submits work, shows what happens. Decides nothing."""
