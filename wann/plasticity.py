"""Constants of plastic connections, the same in every backend.

A plastic connection has a strength H that starts at 0 in every episode. It passes H * pre on to its target; after each
step H becomes DECAY * H + pre * post, limited to +-LIMIT, where pre is what the connection read and post the value of
its target.
"""

DECAY = 0.99
LIMIT = 4.0
