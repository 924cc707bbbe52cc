"""Names that numba does not promise, for the other modules of this package.

The rest of the project uses numba's documented interface only. Tested with numba 0.68. pyproject.toml has the
corresponding upper bound: raise both together. Used beside these names:

- ``numba_config``: its settings as attributes, read at each compilation, among them ``CACHE_LOCATOR_CLASSES``;
- `wann.kernels.callees`: ``_optimize_final_module``, ``_finalize_final_module`` and ``_finalized`` of a
  ``JITCodeLibrary``; the flags of ``NativeLowering`` and its result ``cr``; ``add_overload`` and ``_compile_for_args``
  of a dispatcher.
"""

from typing import Any

import numba.core.config
from numba.core.caching import UserProvidedCacheLocator as UserProvidedCacheLocator
from numba.core.codegen import JITCodeLibrary as JITCodeLibrary
from numba.core.compiler import CompilerBase as CompilerBase
from numba.core.compiler import DefaultPassBuilder as DefaultPassBuilder
from numba.core.compiler_lock import global_compiler_lock as global_compiler_lock
from numba.core.compiler_machinery import PassManager as PassManager
from numba.core.compiler_machinery import register_pass as register_pass
from numba.core.typed_passes import NativeLowering as NativeLowering

# numba creates this module's attributes at run time, where type checkers cannot see them.
numba_config: Any = numba.core.config
# An option of njit: no reference counts of arrays.
UNCOUNTED = {"_nrt": False}
