"""The trained baselines, one per file with its object ``BASELINE``; may import torch, `wann` and baselines.training."""
