"""Looking at champions: what a person sees, beside the numbers."""
