"""Any Gymnasium environment as a task, by its id."""
