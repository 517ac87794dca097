"""What the plans of several operations are built from: encodes, copies, joins, boundaries, names."""
