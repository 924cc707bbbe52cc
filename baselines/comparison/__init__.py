"""Champions beside tuned weights, fixed topologies and trained models, on episodes that nothing was chosen on."""
