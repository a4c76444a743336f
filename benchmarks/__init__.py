"""Measurements side by side, as ratios within one run; never asserted by a timed test."""
