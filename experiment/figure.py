def draw_sweep(console, parent, finished):
    pass
