"""Comparison of champions with tuned weights, fixed topologies and trained models, on episodes not used for choices."""
