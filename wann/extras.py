"""Optional packages: the extra of this project that installs each, and the check for a missing one."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from wann.errors import UserError

PROJECT = "weight-agnostic-search"
# Import name to the extras of pyproject.toml that install it. The first one is advised unless another is asked for.
EXTRAS: Mapping[str, tuple[str, ...]] = {
    "Box2D": ("box2d",),
    "PIL": ("video", "torch"),
    "cmaes": ("compare", "torch"),
    "envpool": ("bench",),
    "fsspec": ("storage",),
    "imageio": ("video",),
    "imageio_ffmpeg": ("video",),
    "matplotlib": ("inspect", "compare"),
    "mlflow": ("track",),
    "networkx": ("export", "inspect"),
    "onnx": ("export",),
    "onnxruntime": ("export",),
    "pooch": ("images",),
    "pydot": ("export",),
    "resvg_py": ("inspect",),
    "scipy": ("compare",),
    "sklearn": ("images",),
    "sympy": ("export",),
    "torch": ("torch", "export"),
    "tqdm": ("images",),
}


def install_extra(extra: str) -> str:
    """The command that installs an extra of this project."""
    return f'pip install "{PROJECT}[{extra}]"'


def install(package: str, extra: str = "") -> str:
    """The command that installs an optional package.

    Args:
        package: its import name.
        extra: the extra that suits the current purpose. If it does not have the package, another is advised. A package
            that is in no extra, such as a tracker of the user's choice, is installed by itself.
    """
    known = EXTRAS.get(package, ())
    if not known:
        return f"pip install {package}"
    return install_extra(extra if extra in known else known[0])


def is_installed(package: str) -> bool:
    """True if a package can be imported. It is not imported."""
    return find_spec(package) is not None


def check_extra(extra: str, purpose: str, *, key: str = "") -> None:
    """Raise an error if a package of an extra is missing.

    Args:
        extra: of pyproject.toml.
        purpose: completes "expected ...", such as "packages that draw".
        key: see `wann.errors.UserError`.

    Raises:
        UserError: names the missing packages, and how to install them.
    """
    missing = [package for package, extras in EXTRAS.items() if extra in extras and not is_installed(package)]
    if missing:
        found = f"no {', '.join(missing)}"
        raise UserError(key=key, expected=purpose, found=found, remedy=install_extra(extra))


def check_installed(package: str, purpose: str, *, extra: str = "", key: str = "", place: object = "") -> None:
    """Raise an error if an optional package is missing.

    Args:
        package: its import name.
        purpose: completes "expected ...", such as "a package that draws PNG files".
        extra: see `install`.
        key: see `wann.errors.UserError`.
        place: see `wann.errors.UserError`.

    Raises:
        UserError: the package is missing.
    """
    if not is_installed(package):
        raise UserError(
            key=key,
            place=str(place),
            expected=purpose,
            found=f"no package {package!r}",
            remedy=install(package, extra),
        )
