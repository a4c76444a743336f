"""How long the tests wait for what is there at once on a machine that has nothing else to do."""

PATIENCE = 120.0
"""Seconds. Only a test that fails waits so long."""
