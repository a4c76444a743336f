"""Stock, buying and assets, where it comes cheaply."""

from gigafibre_utils.postgres.fix import Fix

FIXES: tuple[Fix, ...] = ()
