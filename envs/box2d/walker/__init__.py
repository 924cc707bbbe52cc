"""BipedalWalker-v3 and its hardcore form."""
