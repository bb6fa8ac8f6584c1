"""A real browser without a window: what a page looks like once it is drawn, and what it became."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@dataclass(frozen=True)
class Browser:
    """Chromium; ``home`` holds its profile and its pictures."""

    program: str
    home: Path

    def picture(self, page: Path, width: int = 1000, height: int = 900) -> bytes:
        """The page as PNG."""
        shot = self.home / f"{page.stem}.png"
        self._run(page, f"--screenshot={shot}", f"--window-size={width},{height}")
        return shot.read_bytes()

    def document(self, page: Path) -> str:
        """The page's elements after it was loaded, as HTML."""
        return self._run(page, "--dump-dom")

    def _run(self, page: Path, *options: str) -> str:
        command = [
            self.program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--hide-scrollbars", "--no-first-run", "--disable-extensions", "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={self.home / 'profile'}",
            "--virtual-time-budget=2000", *options, page.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, timeout=120, check=True)
        return done.stdout.decode("utf-8", "replace")


def browser_binary() -> str | None:
    """The program of this machine, if there is one."""
    return next((found for name in _NAMES if (found := shutil.which(name))), None)
