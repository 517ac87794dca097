"""What an operator sees: log lines, metrics, health, reports of faults."""
