"""The tests; `tests.chaos` is also a command."""
