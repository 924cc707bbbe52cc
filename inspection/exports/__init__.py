"""Champions written for other programs: models that run, graphs that are drawn, and a formula."""
