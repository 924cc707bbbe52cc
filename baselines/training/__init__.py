"""Training: by gradients, by CMA-ES, and what both share."""
