"""Operators: how a child differs from its parent."""
