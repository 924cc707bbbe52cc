"""CartPoleSwingUp: a pole on a cart, swung up and balanced."""
