"""Draw the tutorial's pictures anew: python docs/tutorial/pictures.py (writes docs/images/tutorial-*.svg)."""

from pathlib import Path

import train

import carousel
from carousel.common.pages.render import svg

IMAGES = Path(__file__).resolve().parents[1] / "images"


def main() -> None:
    """Lag profile and forget gates before and after the fix."""
    for name, made in {"second": train.second(), "third": train.third()}.items():
        model, batch, loss_fn = made
        with carousel.record(model) as tape:
            loss_fn(model, batch).backward()
        charts = {"lags": tape.plot.lag_profile("encoder.rnn.l0"), "gates": tape.plot.raster("encoder.rnn.l0", "f")}
        for kind, chart in charts.items():
            (IMAGES / f"tutorial-{name}-{kind}.svg").write_text(svg(chart, f"{name}-{kind}"), encoding="utf-8")


if __name__ == "__main__":
    main()
