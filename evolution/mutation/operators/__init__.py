"""The operators, one file each: compiled edits of a genome. `evolution.mutation.registry` lists them.

The four published ones (Gaier & Ha 2019, section 3) are add_connection, insert_node, enable and change_activation;
disable, rewire and split_node serve the other strategies, the rest networks with memory. Modules here import numba; the
registry names them without doing so.
"""
