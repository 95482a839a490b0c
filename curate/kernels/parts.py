"""Functions that are only ever parts of others: numba compiles them as a whole with what calls
them, and never alone.

numba makes a library of every function that a kernel calls, optimises it, turns it into machine
code, and then links it into the library of the caller, where it is optimised once more; three
quarters of our functions are called by others alone. What is linked here is their code as it comes,
so that all this happens once, in the entry: a third less work, for the same machine code.

numba documents pipelines of one's own; the methods of its libraries it does not. Where another
version has other ones, its own run and cost the time that is saved here."""

from __future__ import annotations

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.untyped_passes import IRProcessing


class _Whole(JITCodeLibrary):  # type: ignore[misc]
    """An entry with its parts: optimised once, when all of them are linked."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout


class _Part(_Whole):
    """Code that is linked into other libraries and has no address of its own."""

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """None: there is no machine code."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> _Part:
        """Asked for `set_env` alone."""
        return self

    def set_env(self, name: str, env: Any) -> None:
        """Nothing: the environment belongs to machine code."""


@register_pass(mutates_CFG=False, analysis_only=True)
class _ChooseLibrary(AnalysisPass):  # type: ignore[misc]
    """Choose the library of a function before numba does."""

    _name = "choose_library"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        """Put it into the state of the compiler; a function without a way in from Python is a part."""
        kind = _Part if state.flags.no_cpython_wrapper else _Whole
        state.library = kind(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return True


class Compiler(CompilerBase):  # type: ignore[misc]
    """The pipeline of numba, but for the library."""

    def define_pipelines(self) -> list[Any]:
        """One pipeline, as numba's own compiler has."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(_ChooseLibrary, IRProcessing)
        passes.finalize()
        return [passes]
