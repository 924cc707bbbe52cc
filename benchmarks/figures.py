"""The figures that each benchmark prints; docs/performance.md names all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator


def expanded(pattern: str) -> Iterator[str]:
    """``a_{x,y}`` stands for ``a_x`` and ``a_y``, as in a shell."""
    found = re.search(r"{([^{}]*)}", pattern)
    if found is None:
        yield pattern
        return
    for choice in found[1].split(","):
        yield from expanded(pattern[: found.start()] + choice + pattern[found.end() :])


_PATTERNS: dict[str, tuple[str, ...]] = {
    "imports": ("import_wann_seconds", "help_seconds"),
    "ask_tell": ("ask_tell_ms_pop192_conns55", "ask_tell_ms_pop960_conns212"),
    "swingup": (
        "swingup_{nodes,connections}",
        "swingup_steps_per_second_{18,64}_lanes",
        "swingup_ratio_to_numpy_18_lanes",
    ),
    "memory": (
        "recurrent_steps_per_second_64_lanes",
        "plastic_steps_per_second",
        "{recurrent,plastic}_fraction_of_feed_forward",
    ),
    "sequences": ("sequences_{connections,steps_per_second,ratio_to_numpy}",),
    "full_search": (
        "swingup_full_search_seconds",
        "swingup_full_search_{worker,waiting_for_workers,evolving_and_recording,starting_and_confirming}_seconds",
        "swingup_full_search_not_evaluation_seconds",
        "swingup_full_search_env_steps",
    ),
    "biped_speed": (
        "biped_{nodes,connections}",
        "biped_{,hardcore_}{steps_per_second,ratio_to_envpool}",
        "biped_share_of_{terrains,networks}",
    ),
    "biped_company": ("biped_steps_per_second_of_{8,16,48,96,192}",),
    "biped_workers": ("ray_scaling_2_workers_biped",),
    "biped_memory": ("biped_worker_megabytes", "biped_worker_growth_megabytes"),
    "car_racing_speed": (
        "car_racing_{nodes,connections}",
        "car_racing_frames_per_second",
        "car_racing_bare_envpool_frames_per_second",
        "car_racing_ratio_to_envpool",
        "car_racing_share_of_{physics,picture,encoder,network,rest}",
    ),
    "car_racing_workers": ("ray_scaling_2_workers_car_racing",),
    "car_racing_memory": ("car_racing_worker_megabytes", "car_racing_worker_growth_megabytes"),
    "ray_overhead": ("ray_overhead_percent_{swingup,biped}_pop{48,192,480,960}_chunk{1,10,100}ms",),
    "mnist_speed": (
        "mnist_hidden_nodes_conns{192,460,1849}",
        "mnist_{nets_per_second,ratio_to_numpy}_conns{192,460,1849}",
        "mnist_generation_{nets_per_second,ratio_to_numpy}_conns{192,460,1849}",
    ),
    "mnist_torch_speed": (
        "mnist_torch_cpu_nets_per_second_conns{192,460,1849}",
        "mnist_kernels_ratio_to_torch_cpu_conns{192,460,1849}",
        "mnist_gpu_ms_per_generation_conns{192,460,1849}",
    ),
    "mnist_torch_memory": ("mnist_torch_{megabytes,seconds}_budget_{1024,4096}",),
}
FIGURES = {
    name: tuple(key for pattern in patterns for key in expanded(pattern)) for name, patterns in _PATTERNS.items()
}
ON_GPU = tuple(expanded("mnist_gpu_ms_per_generation_conns{192,460,1849}"))  # where there is one
