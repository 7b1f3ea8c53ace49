"""How fast the race of the lab page trains in Chromium, beside torch: delayed recall, T = 30, 16 units, batches of 32.

usage: PYTHONPATH=. python scripts/bench_lab.py
Each network trains alone in its thread. Frames are those of the page meanwhile: a long one
is a page that does not answer.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import Browser, Page
from tests.support.browser import chromium
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from carousel.page.lab import lab_page

ENTRANTS = ("rnn", "orthogonal", "lstm", "open")  # in the order of the page
STEPS, T, HIDDEN, BATCH, KEYS = 1500, 30, 16, 32, 8

# Of the threads of the race only the asked one is told to go on; the intervals of the page's frames are kept.
_ALONE = """
let made = 0;
const Real = Worker;
window.Worker = class extends Real {
  number = made++;
  postMessage(said) { if (typeof said !== "number" || this.number === ASKED) super.postMessage(said); }
};
window.frames_ms = [];
let last = performance.now();
requestAnimationFrame(function frame(now) { frames_ms.push(now - last); last = now; requestAnimationFrame(frame); });
"""
_DONE = "([row, steps]) => +document.querySelectorAll('tbody')[0].rows[row].cells[1].innerText >= steps"


def main() -> None:
    page = Path(tempfile.mkdtemp()) / "lab.html"
    page.write_text(lab_page("en"), encoding="utf-8")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {STEPS} steps each")
    with chromium() as browser:
        for number, entrant in enumerate(ENTRANTS):
            seconds, middle, longest = raced(browser, f"{page.as_uri()}#chapter=race&T={T}", number)
            print(f"{entrant:11} page {seconds:5.1f} s   frame {middle:.0f} ms (99 %: {longest:.0f} ms)")
    for name, cell in (("rnn", nn.RNN), ("lstm", nn.LSTM)):
        print(f"{name:11} torch {trained(cell(2 * KEYS, HIDDEN)):4.1f} s   one thread, float32")


def raced(browser: Browser, address: str, number: int) -> tuple[float, float, float]:
    """Seconds from the start to the last step; the median frame, and the 99th percentile."""
    page = browser.new_page()
    page.add_init_script(_ALONE.replace("ASKED", str(number)))
    page.goto(address)
    page.locator(".plain").click()
    page.evaluate("frames_ms.length = 0")
    started = time.perf_counter()
    page.locator("button.main").click()
    page.wait_for_function(_DONE, arg=[number, STEPS], timeout=600_000)
    return time.perf_counter() - started, *_frames(page)


def _frames(page: Page) -> tuple[float, float]:
    found = sorted(page.evaluate("frames_ms"))
    page.close()
    return found[len(found) // 2], found[int(0.99 * len(found))]


def trained(layer: nn.RNN | nn.LSTM) -> float:
    """Seconds of the same training by torch."""
    torch.set_num_threads(1)
    readout = nn.Linear(HIDDEN, KEYS)
    parameters = [*layer.parameters(), *readout.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=0.01)
    started = time.perf_counter()
    for _ in range(STEPS):
        symbols = KEYS + torch.randint(KEYS, (T, BATCH))
        symbols[0] = torch.randint(KEYS, (BATCH,))
        loss = cross_entropy(readout(layer(one_hot(symbols, 2 * KEYS).float())[0][-1]), symbols[0])
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
