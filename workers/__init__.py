"""Evaluators: where evaluations run."""
