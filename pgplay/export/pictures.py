"""A figure as a file: the formats of pictures, whatever they show."""

from __future__ import annotations

from importlib.util import find_spec

from pgplay.errors import InputError, UnknownName
from pgplay.export.figure import Figure
from pgplay.export.pdf import to_pdf
from pgplay.export.png import to_png
from pgplay.export.svg import to_svg

PICTURE_FORMATS = ("svg", "png", "pdf")
_PACKAGES = {"png": ("PIL", "export.no_pillow"), "pdf": ("matplotlib", "export.no_matplotlib")}


def check_picture(format_name: str) -> None:
    """Raise InputError where the package that writes pictures of this format is not installed; loads nothing."""
    package, code = _PACKAGES.get(format_name, ("", ""))
    if package and find_spec(package) is None:
        raise InputError(code)


def write_picture(figure: Figure, format_name: str) -> bytes:
    """Return `figure` in one of PICTURE_FORMATS.

    Raises InputError for another format, for png without Pillow and for pdf without matplotlib.
    """
    match format_name:
        case "svg":
            return to_svg(figure).encode()
        case "png":
            return to_png(figure)
        case "pdf":
            return to_pdf(figure)
        case _:
            raise UnknownName("format", format_name, PICTURE_FORMATS)
