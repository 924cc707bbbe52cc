"""Several searches of one config: replicates and sweeps."""
