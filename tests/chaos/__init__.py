"""Clusters of several machines on one, and what befalls them: ``make chaos``."""
