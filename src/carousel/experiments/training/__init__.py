"""One trial: build, step, evaluate. Descriptions (`training.description`) are plain data and import no torch."""
