"""Tasks: what networks are evaluated on."""
