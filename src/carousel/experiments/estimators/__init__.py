"""Carousel's networks as scikit-learn's estimators."""
