"""Pictures of networks and curves as SVG, PNG and GIF; imports `wann` alone."""
