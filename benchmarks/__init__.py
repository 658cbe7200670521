"""Figures, each as ratios or counts from one run; `make bench` runs them all."""
