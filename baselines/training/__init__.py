"""Trainers of baselines, by gradients and by CMA-ES, and their scoring; may import torch, `wann` and `envs`."""
