"""The code behind the service tasks: one module per topic family. A module here needs no entry anywhere."""

from __future__ import annotations

import importlib
import pkgutil


def register() -> None:
    """Import every module beside this one, so that its `@handler` functions are registered. Twice does no harm."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
