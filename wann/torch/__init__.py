"""The same networks in torch, for GPUs; imported only where a device asks for it."""
