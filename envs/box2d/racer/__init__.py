"""CarRacing-v3: tracks, car and tiles on the engine of lanes, the picture, and the encoder through which it is seen."""
