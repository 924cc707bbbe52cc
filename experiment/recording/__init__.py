"""What a run writes down while it searches."""
