"""Gradient-informed search: gradients choose connections, weights are never trained."""
