"""Box2D's tasks: walkers and racers."""
