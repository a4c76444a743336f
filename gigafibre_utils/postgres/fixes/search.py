"""Link searches."""

from gigafibre_utils.postgres.fix import Fix

FIXES: tuple[Fix, ...] = ()
