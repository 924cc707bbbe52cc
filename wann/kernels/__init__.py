"""Compiled loops over many networks at once; numba is imported here and nowhere else in `wann`."""
