"""Fixtures of this folder."""

from browser import chromium, page

__all__ = ["chromium", "page"]
