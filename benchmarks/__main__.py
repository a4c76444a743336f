"""`python -m benchmarks [pdf] [qr] [settle] [indexes] [migration]`: all of them where none is named."""

import sys
from pathlib import Path

from rich.console import Console

from benchmarks import indexes, invoice_pdf, migration, qr, settle
from gigafibre_utils.embedded.running import RunningHost

BENCHMARKS = {
	"pdf": invoice_pdf.show,
	"qr": qr.show,
	"settle": settle.show,
	"indexes": indexes.show,
	"migration": migration.show,
}


def main() -> None:
	"""Run what is named on one embedded host."""
	wanted = sys.argv[1:] or list(BENCHMARKS)
	if unknown := set(wanted) - set(BENCHMARKS):
		sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}.")
	console = Console()
	with RunningHost(Path(".host")) as running:
		for name in wanted:
			BENCHMARKS[name](running, console)
			console.print()


if __name__ == "__main__":
	main()
