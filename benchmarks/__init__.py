"""The measurements of ``make bench``, and the programs behind the tables of docs/."""
