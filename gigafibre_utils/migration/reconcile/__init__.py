"""Both sides compared to the cent: what the legacy database says, and what ERPNext has of it.

The two are read apart. `legacy_side` adds up MariaDB's rows, `erpnext_side` ERPNext's own tables, and neither
looks at staging or runs any of the migration's SQL.
"""

from gigafibre_utils.migration.reconcile.comparison import Reconciliation, reconcile
from gigafibre_utils.migration.reconcile.report import write

__all__ = ["Reconciliation", "reconcile", "write"]
