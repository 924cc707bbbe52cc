"""Champions beside tuned weights, fixed topologies and trained models, on what nothing was chosen on."""
