"""Draws images/report.png and images/report.zh.png, the first screen of a run's report in each language, at 2x.

    python docs/site/first_screen.py runs/NAME     (or: make pictures RUN=runs/NAME)

Needs Chromium and playwright, which `make check` installs.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).resolve().parents[1] / "images"
PICTURES = {"en": "report.png", "zh": "report.zh.png"}
WIDTH, BELOW = 1060, 16  # CSS pixels: of the page, and left free below the two pictures


def main(run: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for lang, name in PICTURES.items():
            page = browser.new_page(viewport={"width": WIDTH, "height": WIDTH}, device_scale_factor=2)
            page.goto(f"{(run / 'report.html').resolve().as_uri()}#{lang}")
            pictures = page.locator(f"#answer-{lang} + .two").bounding_box()
            assert pictures is not None, "the first screen shows no pictures"
            height = pictures["y"] + pictures["height"] + BELOW
            page.screenshot(path=str(IMAGES / name), clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
