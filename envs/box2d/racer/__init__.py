"""CarRacing-v3, seen through an encoder."""
