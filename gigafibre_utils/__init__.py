"""Gigafibre billing for ERPNext: print, scan, pay, post."""

__version__ = "0.1.0"
