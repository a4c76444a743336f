"""Reports over the ledger."""

from gigafibre_utils.postgres.fix import Fix

FIXES: tuple[Fix, ...] = ()
