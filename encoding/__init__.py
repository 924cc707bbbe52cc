"""Making encoders of frames: driving, collecting, training a variational autoencoder, and measuring what it knows."""
