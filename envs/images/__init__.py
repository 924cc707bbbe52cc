"""Images to classify: MNIST, Fashion-MNIST and scikit-learn's digits."""
