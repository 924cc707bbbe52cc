"""The rules by which outputs become answers, in the scorer and in the kernels.

The class is the largest output, the first of those equal within `TIE`: outputs that should be equal differ by rounding.
A bit is 1 if its output exceeds `TIE`.
"""

TIE = 1e-6
