"""The files of a run: what is written, where, and how it survives a crash."""
