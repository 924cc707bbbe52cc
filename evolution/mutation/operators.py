"""The operators by name.

The four published ones (Gaier & Ha 2019, section 3) are add_connection, insert_node, enable and change_activation;
disable and rewire serve the `age_fitness` strategy. The edits themselves are in `evolution.mutation.kernels`.
"""

# Name -> the code that kernels know it by.
MUTATIONS: dict[str, int] = {
    "add_connection": 0,
    "insert_node": 1,
    "enable": 2,
    "change_activation": 3,
    "disable": 4,
    "rewire": 5,
}
