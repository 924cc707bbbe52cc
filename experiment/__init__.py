"""What surrounds a search: recording, display, replicates, and the champion."""
