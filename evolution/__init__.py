"""The search: operators, ranking, strategies, and the files of a run."""
