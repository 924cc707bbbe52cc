"""Runs kept at a URL: shared disks and object stores."""
