"""Networks whose weights are trained, on the inputs, splits and scoring of the weight-agnostic champions."""
