"""One trained model, or one way to use a topology, per file."""
