"""Functions that only kernels call. They are compiled within each kernel, and not on their own as well.

numba optimises a function together with everything that it calls, makes machine code of that and a wrapper for calls
from Python, and does so again one level up. Where calls are ten levels deep, as in a simulator, most of the time goes
into machine code that nothing runs. Here a callee stops at LLVM's IR, so that only the kernel at the top is optimised.
"""

from collections.abc import Callable
from typing import Any

import numba

from wann.kernels.numba_internals import (
    CompilerBase,
    DefaultPassBuilder,
    JITCodeLibrary,
    NativeLowering,
    PassManager,
    register_pass,
)


class _LinkedOnly(JITCodeLibrary):
    """IR for other libraries to link."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _CalleeLowering(NativeLowering):
    """Lowering without machine code."""

    _name = "callee_lowering"

    def run_pass(self, state: Any) -> bool:
        state.library = _LinkedOnly(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = state.flags.no_cpython_wrapper = state.flags.no_cfunc_wrapper = True
        super().run_pass(state)
        key = object()  # of this version, in place of its address
        state.targetctx.insert_user_function(key, state["cr"].fndesc, [state.library])
        state["cr"] = state["cr"]._replace(cfunc=key)
        return True


class _CalleeCompiler(CompilerBase):
    def define_pipelines(self) -> list[PassManager]:
        manager = PassManager("nopython")
        for part in (
            DefaultPassBuilder.define_untyped_pipeline,
            DefaultPassBuilder.define_typed_pipeline,
            DefaultPassBuilder.define_nopython_lowering_pipeline,
        ):
            manager.passes.extend(part(self.state).passes)
        manager.passes = [(_CalleeLowering if kind is NativeLowering else kind, text) for kind, text in manager.passes]
        manager.finalize()
        return [manager]


def callee(function: Callable, **options: Any) -> Any:
    """A function for kernels, with more ``options`` of `numba.njit`. Called from Python, it runs in Python."""
    dispatcher: Any = numba.njit(pipeline_class=_CalleeCompiler, **options)(function)

    def add_overload(compiled: Any) -> None:
        dispatcher.overloads[tuple(compiled.signature.args)] = compiled

    def compiled_for_python(*arguments: Any, **named: Any) -> Callable:
        return function

    dispatcher.add_overload = add_overload
    dispatcher._compile_for_args = compiled_for_python
    return dispatcher
