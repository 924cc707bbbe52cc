"""Networks whose weights gradients train, on the inputs, splits and scoring of the weight-agnostic champions."""
