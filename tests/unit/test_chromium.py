"""The PDF engine, held to its promises on a real Chromium."""

import base64
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pypdf
import pypdfium2
import pytest

from gigafibre_utils.errors import ConfigurationError
from gigafibre_utils.printing.chromium import (
	OneShotChromium,
	PrinterBusy,
	PrintError,
	WarmChromium,
	find_chromium,
)

REPOSITORY = Path(__file__).parents[2]
LONG = "<!doctype html><table>" + "<tr><td>fibre 500 Mbps<td>12,00 $</tr>" * 4000 + "</table>"
ENDLESS = LONG * 25


def read(pdf: bytes) -> str:
	assert pdf.startswith(b"%PDF-")
	return "\n".join(read_page(page) for page in pypdfium2.PdfDocument(pdf))


def read_page(page: pypdfium2.PdfPage) -> str:
	return page.get_textpage().get_text_bounded()


def png(color: bytes = b"\x00\x80\xff") -> str:
	"""A data: address of an image of 4 × 4 pixels."""

	def chunk(kind: bytes, data: bytes) -> bytes:
		return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

	header = (4).to_bytes(4) * 2 + bytes([8, 2, 0, 0, 0])
	pixels = zlib.compress((b"\x00" + color * 4) * 4)
	image = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
	return "data:image/png;base64," + base64.b64encode(image).decode()


def wait_until(holds: Callable[[], object], seconds: float = 10) -> None:
	end = time.monotonic() + seconds
	while not holds():
		assert time.monotonic() < end, "did not come to hold in time"
		time.sleep(0.02)


def processes(marker: Path) -> list[psutil.Process]:
	"""Those with `marker` on their command line, which each browser's profile is; zombies not counted."""
	found = []
	for process in psutil.process_iter():
		with contextlib.suppress(psutil.Error):
			if any(str(marker) in word for word in process.cmdline()):
				found.append(process)
	return found


def leaders(marker: Path) -> set[int]:
	"""One process id for each browser."""
	found = set()
	for process in processes(marker):
		with contextlib.suppress(ProcessLookupError):
			found.add(os.getpgid(process.pid))
	return found


def renderers(marker: Path) -> list[psutil.Process]:
	"""The processes of pages; Chromium's own windows have some too, which are of no interest."""
	found = []
	for process in processes(marker):
		with contextlib.suppress(psutil.Error):
			words = process.cmdline()
			if "--type=renderer" in words and "--top-chrome-webui" not in words:
				found.append(process)
	return found


def is_at_work(marker: Path) -> bool:
	with contextlib.suppress(psutil.NoSuchProcess):
		return any(process.cpu_times().user > 0.4 for process in renderers(marker))
	return False


def nothing_is_left(place: Path) -> bool:
	return not processes(place) and not list(place.iterdir())


def no_child_is_a_zombie() -> bool:
	return not any(child.status() == psutil.STATUS_ZOMBIE for child in psutil.Process().children())


@pytest.fixture(scope="module")
def path() -> str:
	return find_chromium(None)


@pytest.fixture(scope="module")
def printer(path: str) -> Iterator[WarmChromium]:
	"""One for all tests that leave it as it was."""
	printer = WarmChromium(path)
	yield printer
	printer.close()


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
	"""Where the test's own browsers have their profiles; short, for Chromium makes a socket in there."""
	place = Path(tempfile.mkdtemp(prefix="pdf"))
	monkeypatch.setattr(tempfile, "tempdir", str(place))
	yield place
	shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def own(path: str, place: Path) -> Iterator[Callable[..., WarmChromium]]:
	"""Makes printers for this test only; whatever happens to them, nothing may be left of them."""
	made = []

	def make(program: object = path, **options: int) -> WarmChromium:
		made.append(WarmChromium(str(program), **options))
		return made[-1]

	yield make
	for printer in made:
		printer.close()
	wait_until(lambda: nothing_is_left(place))
	wait_until(no_child_is_a_zombie)


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], Path]:
	"""Makes a program that is started as if it were Chromium."""

	def make(text: str) -> Path:
		program = tmp_path / "chromium"
		program.write_text(f"#!/bin/sh\n{text}\n")
		program.chmod(0o755)
		return program

	return make


@pytest.fixture
def listener() -> Iterator[tuple[int, list[str]]]:
	"""A port on every address of this machine, and who connected to it."""
	if socket.has_dualstack_ipv6():
		server = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
	else:
		server = socket.create_server(("0.0.0.0", 0))
	callers: list[str] = []

	def serve() -> None:
		with contextlib.suppress(OSError):
			while True:
				connection, address = server.accept()
				callers.append(address[0])
				connection.close()

	thread = threading.Thread(target=serve)
	thread.start()
	port = server.getsockname()[1]
	yield port, callers
	server.shutdown(socket.SHUT_RDWR)
	server.close()
	thread.join()


# --- What is printed


def test_text_is_in_the_pdf(printer):
	assert "Facture n° 42 — 1 234,56 $" in read(printer.print_html("<p>Facture n° 42 — 1 234,56 $</p>"))


def test_an_empty_document_gives_an_empty_page(printer):
	assert len(pypdfium2.PdfDocument(printer.print_html(""))) == 1


def test_arabic_and_emoji_are_in_the_text(printer):
	text = read(printer.print_html("<p>فاتورة</p><p>Merci 😀</p>"))
	assert "فاتورة" in text or "ةروتاف" in text  # readers differ on the order in which they give it
	assert "😀" in text


def test_half_a_surrogate_pair_does_not_stop_a_print(printer):
	assert "before" in read(printer.print_html("<p>before \ud83d after"))


def test_margin_boxes_count_pages(printer):
	html = """<style>@page { @bottom-center { content: counter(page) " / " counter(pages) } }
		section { break-after: page }</style><section>a</section><section>b</section><p>c"""
	pages = list(pypdfium2.PdfDocument(printer.print_html(html)))
	assert len(pages) == 3
	assert "1 / 3" in read_page(pages[0])
	assert "3 / 3" in read_page(pages[2])


def test_paper_is_as_the_page_rule_says(printer):
	(page,) = pypdfium2.PdfDocument(printer.print_html("<style>@page { size: 5in 7in }</style>x"))
	assert page.get_size() == pytest.approx((360, 504), abs=1)


def test_images_from_data_addresses_are_printed_also_lazy_ones_far_below(printer):
	html = f"""<img src="{png()}"><p style="background: no-repeat url({png(b"abc")}); height: 3000px">x</p>
		<img loading="lazy" src="{png(b"xyz")}">
		<svg><image href="{png(b"123")}" width="9" height="9"/></svg>"""
	pages = pypdfium2.PdfDocument(printer.print_html(html))
	images = {
		bytes(image.get_bitmap().buffer)[:3]
		for page in pages
		for image in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=5)
	}
	assert images >= {b"\xff\x80\x00", b"cba", b"zyx", b"321"}


def test_a_screen_reader_finds_the_structure(printer, tmp_path):
	pdf = tmp_path / "tagged.pdf"
	pdf.write_bytes(printer.print_html('<html lang="fr"><h1>Facture</h1><p>Merci'))
	root = pypdf.PdfReader(pdf).trailer["/Root"]
	assert root["/MarkInfo"]["/Marked"]
	assert "/StructTreeRoot" in root
	assert root["/Lang"] == "fr"


# --- What a document cannot do


def everything_that_loads(at: str) -> str:
	"""A document that tries to load from `at` in every way that HTML knows, or nearly."""
	return f"""<base href="{at}/base/">
	<link rel="stylesheet" href="{at}/a.css"><link rel="icon" href="{at}/b">
	<link rel="preload" as="image" href="{at}/c"><link rel="prefetch" href="{at}/d">
	<link rel="modulepreload" href="{at}/e"><link rel="preconnect" href="{at}">
	<link rel="dns-prefetch" href="{at}"><link rel="prerender" href="{at}/f">
	<link rel="manifest" href="{at}/g">
	<style>@import "{at}/h.css"; @font-face {{ font-family: x; src: url({at}/i) }}
	body {{ font-family: x; background: url({at}/j); cursor: url({at}/k), auto; list-style: url({at}/l) }}
	p::before {{ content: url({at}/m) }} i {{ mask-image: url({at}/n); clip-path: url({at}/o#a) }}
	@page {{ background: url({at}/p); @top-left {{ content: url({at}/q) }} }}</style>
	<script type="speculationrules">{{"prerender": [{{"urls": ["{at}/r"]}}]}}</script>
	<script src="{at}/s.js"></script><script>document.write("SCRIPT")</script>
	<p>Facture<i>x</i></p><img src="{at}/t"><img loading="lazy" src="{at}/u"><img srcset="{at}/v 2x">
	<img src="x" onerror="document.body.append('SCRIPT')"><input type="image" src="{at}/w">
	<picture><source srcset="{at}/x"><img></picture><video src="{at}/y" poster="{at}/z" autoplay></video>
	<audio src="{at}/A" autoplay></audio><table background="{at}/B"></table><embed src="{at}/C">
	<object data="{at}/D"></object><iframe src="{at}/E"></iframe><iframe loading="lazy" src="{at}/F"></iframe>
	<svg><image href="{at}/G"/><use href="{at}/H#a"/><filter><feImage href="{at}/I"/></filter></svg>
	<iframe srcdoc='<img src="{at}/J"><meta http-equiv="refresh" content="0;url={at}/K">'></iframe>
	<iframe sandbox="allow-scripts allow-same-origin allow-top-navigation"
		srcdoc='<img src="{at}/L"><script>document.write("SCRIPT"); fetch("{at}/M")</script>'></iframe>
	<iframe src='data:text/html,<script>document.write("SCRIPT"); fetch("{at}/N")</script>'></iframe>
	<iframe src='data:text/xml,<?xml-stylesheet href="{at}/O" type="text/xsl"?><a/>'></iframe>
	<iframe src="javascript:document.write('SCRIPT')"></iframe><iframe src="view-source:{at}/P"></iframe>
	<iframe src="blob:null/1"></iframe><iframe src="chrome://version"></iframe>"""


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433"])
@pytest.mark.parametrize("scheme", ["http", "https", "ftp"])
def test_a_document_reaches_no_host_and_runs_no_script(printer, listener, scheme, host):
	port, callers = listener
	text = read(printer.print_html(everything_that_loads(f"{scheme}://{host}:{port}")))
	printer.print_html("afterwards")
	assert callers == []
	assert "Facture" in text
	assert "SCRIPT" not in text
	socket.create_connection(("127.0.0.1", port)).close()
	wait_until(lambda: callers)


def test_a_document_reads_no_file(printer, tmp_path):
	(tmp_path / "E").write_text("SECRET")
	(tmp_path / "D").write_text("SECRET")
	(tmp_path / "C").write_text("SECRET")
	(tmp_path / "a.css").write_text("p::after { content: 'SECRET' }")
	(tmp_path / "t").write_bytes(base64.b64decode(png().split(",")[1]))
	pdf = printer.print_html(everything_that_loads(tmp_path.as_uri()))
	assert "SECRET" not in read(pdf)
	images = [
		image
		for page in pypdfium2.PdfDocument(pdf)
		for image in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=5)
		if image.get_px_size() == (4, 4)
	]
	assert images == []
	for tag in ('<iframe src="{}">', '<object data="{}">', '<embed src="{}">', '<img src="{}">'):
		assert "root:" not in read(printer.print_html(tag.format("file:///etc/passwd")))


@pytest.mark.parametrize(
	"to", ["http://127.0.0.1:9/", "about:blank", "file:///etc/passwd", "data:text/html,x"]
)
def test_a_refresh_leaves_the_document_where_it_is(printer, to):
	html = f'<meta http-equiv="refresh" content="0;url={to}"><p>' + "Facture " * 2000
	assert read(printer.print_html(html)).count("Facture") == 2000


def test_a_document_starts_no_program_of_the_machine(own, tmp_path, monkeypatch):
	started = tmp_path / "started"
	(tmp_path / "xdg-open").write_text(f'#!/bin/sh\necho "$@" >> {started}\n')
	(tmp_path / "xdg-open").chmod(0o755)
	monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
	printer = own()
	printer.print_html('<iframe src="mailto:a@example.ca"></iframe><object data="mailto:b@example.ca">')
	printer.print_html('<meta http-equiv="refresh" content="0;url=mailto:c@example.ca">')
	with pytest.raises(AssertionError):
		wait_until(started.exists, seconds=1)


def test_a_document_does_not_see_the_secrets_of_the_environment(own, place, monkeypatch):
	monkeypatch.setenv("GIGAFIBRE_PAY_SECRET", "hunter2")
	printer = own()
	printer.print_html("x")
	environments = []
	for process in processes(place):
		with contextlib.suppress(psutil.Error):  # it ended meanwhile
			environments.append(process.environ())
	assert any("PATH" in environment for environment in environments)
	assert not any("GIGAFIBRE_PAY_SECRET" in environment for environment in environments)


def test_nothing_is_carried_over_from_one_print_to_the_next(own):
	printer = own(at_once=1)
	printer.print_html("""<title>First</title><base href="https://first.example/">
		<meta http-equiv="Content-Security-Policy" content="style-src 'none'; img-src 'none'">
		<meta name="viewport" content="width=10"><style>@page { size: 3in 3in }</style>
		<body style="zoom: 4">""")
	pdf = printer.print_html(
		f"<style>p::before {{ content: 'styled ' }}</style><p>second</p><img src='{png()}'>"
	)
	(page,) = pypdfium2.PdfDocument(pdf)
	assert "styled second" in read_page(page)
	assert page.get_size() == (612, 792)
	assert list(page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=5))
	assert b"First" not in pdf


# --- Many at once, and many one after the other


def test_threads_get_each_the_document_that_they_gave(own):
	printer = own()
	names = [f"document-{number}-" for number in range(32)]

	def print_one(name: str) -> str:
		return read(printer.print_html(f"<h1>{name}</h1>" + f"<p>{name}</p>" * 50))

	with ThreadPoolExecutor(8) as pool:
		texts = list(pool.map(print_one, names))
	for name, text in zip(names, texts, strict=True):
		assert text.count(name) == text.count("document-") == 51


def test_nobody_who_waits_is_overtaken(own):
	printer = own(at_once=1)
	shares = [0] * 4
	printed = threading.Semaphore(60)

	def print_on(number: int) -> None:
		while printed.acquire(blocking=False):
			printer.print_html("x")
			shares[number] += 1

	with ThreadPoolExecutor(len(shares)) as pool:
		list(pool.map(print_on, range(len(shares))))
	assert max(shares) - min(shares) <= 2


def test_who_finds_the_queue_full_is_told_at_once(own, script, tmp_path):
	printer = own(script(f"touch {tmp_path}/started; exec sleep 60"), at_once=1, queue=0)
	with ThreadPoolExecutor(1) as pool:
		first = pool.submit(printer.print_html, "x", 1.5)
		wait_until((tmp_path / "started").exists)
		began = time.monotonic()
		with pytest.raises(PrinterBusy) as busy:
			printer.print_html("x", timeout=30)
		assert time.monotonic() - began < 0.5
		assert busy.value.http_status_code == 503
		assert type(first.exception()) is PrintError


def test_who_waits_in_the_queue_waits_no_longer_than_the_time_limit(own, script, tmp_path):
	printer = own(script(f"touch {tmp_path}/started; exec sleep 60"), at_once=1, queue=1)
	with ThreadPoolExecutor(1) as pool:
		pool.submit(printer.print_html, "x", 1.5)
		wait_until((tmp_path / "started").exists)
		with pytest.raises(PrinterBusy, match=r"0\.2 s"):
			printer.print_html("x", timeout=0.2)


def test_a_browser_is_replaced_after_so_many_prints(own, place):
	printer = own(prints_per_browser=2)
	seen = []
	for number in range(5):
		assert f"number {number}" in read(printer.print_html(f"number {number}"))
		wait_until(lambda: len(leaders(place)) <= 1)
		seen.append(leaders(place))
	assert seen[0] and seen[2] and seen[4]
	assert seen[0] != seen[2] != seen[4]
	assert seen[1] <= seen[0]


def test_a_printer_prints_again_after_it_was_closed(own, place):
	printer = own()
	printer.print_html("x")
	printer.close()
	assert nothing_is_left(place)
	assert "again" in read(printer.print_html("again"))


def test_one_shot_leaves_no_browser_after_a_print(path, place):
	assert "once" in read(OneShotChromium(path).print_html("once"))
	wait_until(lambda: nothing_is_left(place))


# --- What goes wrong


def test_a_killed_browser_fails_the_print_with_its_cause_and_the_next_print_works(own, place):
	printer = own()
	with ThreadPoolExecutor(1) as pool:
		print_in_flight = pool.submit(printer.print_html, ENDLESS)
		wait_until(lambda: is_at_work(place))
		for leader in leaders(place):
			os.killpg(leader, signal.SIGKILL)
		with pytest.raises(PrintError, match="killed by signal 9"):
			print_in_flight.result()
	assert "next" in read(printer.print_html("next"))


def test_a_crashed_page_fails_its_print_only(own, place):
	printer = own()
	printer.print_html("x")
	before = leaders(place)
	with ThreadPoolExecutor(1) as pool:
		print_in_flight = pool.submit(printer.print_html, ENDLESS)
		wait_until(lambda: is_at_work(place))
		for renderer in renderers(place):
			with contextlib.suppress(psutil.NoSuchProcess):
				renderer.kill()
		with pytest.raises(PrintError, match=r"crashed|could not print"):
			print_in_flight.result()
	assert "next" in read(printer.print_html("next"))
	assert leaders(place) == before


def test_a_page_that_crashed_while_idle_is_noticed_at_once(own, place):
	printer = own()
	printer.print_html("x")
	for renderer in renderers(place):
		renderer.kill()
	wait_until(lambda: not renderers(place))
	with pytest.raises(PrintError, match="crashed"):
		printer.print_html("next", timeout=10)
	assert "next" in read(printer.print_html("next"))


def test_a_stopped_browser_fails_the_print_in_time_and_the_next_print_works(own, place):
	printer = own()
	printer.print_html("x")
	(stopped,) = leaders(place)
	os.killpg(stopped, signal.SIGSTOP)
	began = time.monotonic()
	with pytest.raises(PrintError, match="within 1 s"):
		printer.print_html("y" * 1_000_000, timeout=1)
	assert time.monotonic() - began < 1.5
	assert "next" in read(printer.print_html("next"))
	assert stopped not in leaders(place)


def test_each_print_on_a_hanging_browser_fails_within_its_own_time_limit(own, place):
	printer = own()
	printer.print_html("x")
	for leader in leaders(place):
		os.killpg(leader, signal.SIGSTOP)

	def seconds_until_failure(limit: float) -> float:
		began = time.monotonic()
		with pytest.raises(PrintError):
			printer.print_html("y" * 1_000_000, limit)
		return time.monotonic() - began

	with ThreadPoolExecutor(2) as pool:
		longer, shorter = pool.map(seconds_until_failure, [2, 0.5])
	assert longer < 2.5
	assert shorter < 1


def test_a_browser_that_died_while_idle_is_replaced(own, place):
	printer = own()
	printer.print_html("x")
	(leader,) = leaders(place)
	os.killpg(leader, signal.SIGKILL)
	wait_until(lambda: nothing_is_left(place))
	assert "next" in read(printer.print_html("next"))


def test_a_browser_that_dies_as_a_print_begins_is_replaced_or_named(own, place):
	printer = own()
	printer.print_html("x")
	for leader in leaders(place):
		os.killpg(leader, signal.SIGKILL)
	try:
		assert "next" in read(printer.print_html("next"))
	except PrintError as error:
		assert "killed by signal 9" in str(error)


def test_a_document_that_takes_too_long_is_given_up_and_its_page_ends(own, place):
	printer = own()
	printer.print_html("x")
	began = time.monotonic()
	with pytest.raises(PrintError, match="within 1 s"):
		printer.print_html(ENDLESS, timeout=1)
	assert time.monotonic() - began < 1.5
	wait_until(lambda: not is_at_work(place))
	assert "next" in read(printer.print_html("next"))


def test_the_other_print_survives_one_that_takes_too_long(own):
	printer = own()
	printer.print_html("x")
	with ThreadPoolExecutor(1) as pool:
		long_print = pool.submit(printer.print_html, LONG, 60)
		with pytest.raises(PrintError, match=r"within 0\.5 s"):
			printer.print_html(ENDLESS, timeout=0.5)
		assert "fibre" in read(long_print.result())


def test_a_document_larger_than_chromium_listens_to_is_refused(printer):
	with pytest.raises(PrintError, match="too large"):
		printer.print_html("x" * 101_000_000)
	assert "next" in read(printer.print_html("next"))


def test_a_time_limit_that_strikes_in_the_middle_leaves_the_printer_whole(own):
	class JobTimeout(Exception):
		pass

	def strike(*_: object) -> None:
		raise JobTimeout

	printer = own(at_once=1)
	printer.print_html("x")
	before = signal.signal(signal.SIGALRM, strike)
	try:
		signal.setitimer(signal.ITIMER_REAL, 0.5)
		with pytest.raises(JobTimeout):
			printer.print_html(ENDLESS)
	finally:
		signal.signal(signal.SIGALRM, before)
	assert read(printer.print_html("next")).strip() == "next"


@pytest.mark.parametrize(
	("text", "cause"),
	[
		("echo No usable sandbox >&2; exit 3", r"exit code 3\. No usable sandbox"),
		("echo garbage; exit 0", "exit code 0. garbage"),
		(r"printf 'garbage\0' >&4; exec sleep 60", "does not answer as Chromium does"),
		(r"printf '[1]\0' >&4; exec sleep 60", "does not answer as Chromium does"),
		("kill -SEGV $$", "killed by signal 11"),
	],
)
def test_a_chromium_that_does_not_start_is_named_with_its_cause(own, script, text, cause):
	with pytest.raises(PrintError, match=cause):
		own(script(text)).print_html("x", timeout=2)


def test_a_chromium_that_never_answers_is_given_up_in_time_and_ended(own, script, place):
	printer = own(script("sleep 60; true"))
	began = time.monotonic()
	with pytest.raises(PrintError, match=r"within 0\.5 s"):
		printer.print_html("x", timeout=0.5)
	assert time.monotonic() - began < 1
	wait_until(lambda: nothing_is_left(place))


def test_a_path_that_is_not_there_is_named(own):
	with pytest.raises(PrintError, match="/no/such/chromium"):
		own("/no/such/chromium").print_html("x")


def test_chromium_is_looked_for_where_the_site_says_and_then_on_path(tmp_path, monkeypatch):
	for name in ("google-chrome", "chromium", "mine"):
		(tmp_path / name).write_text("#!/bin/sh\n")
		(tmp_path / name).chmod(0o755)
	monkeypatch.setenv("PATH", str(tmp_path))
	assert find_chromium(str(tmp_path / "mine")) == str(tmp_path / "mine")
	assert find_chromium(None) == str(tmp_path / "chromium")
	with pytest.raises(ConfigurationError, match="chromium_path"):
		find_chromium("/no/such/chromium")
	monkeypatch.setenv("PATH", "/nowhere")
	with pytest.raises(ConfigurationError, match=r"Chromium.*chromium_path"):
		find_chromium(None)


# --- Processes that come and go


PRELUDE = """
import os, sys, time
from gigafibre_utils.printing.chromium import WarmChromium, find_chromium
printer = WarmChromium(find_chromium(None))
assert printer.print_html("x").startswith(b"%PDF")
def say(text):
	print(text, flush=True)
"""


def start_python(text: str, place: Path) -> subprocess.Popen[str]:
	return subprocess.Popen(
		[sys.executable, "-c", PRELUDE + text],
		env={**os.environ, "TMPDIR": str(place), "PYTHONPATH": str(REPOSITORY)},
		stdin=subprocess.PIPE,
		stdout=subprocess.PIPE,
		text=True,
	)


def test_a_killed_python_leaves_no_browser(place):
	with start_python("say('printed'); time.sleep(60)", place) as python:
		assert python.stdout.readline() == "printed\n"
		assert processes(place)
		python.kill()
		wait_until(lambda: nothing_is_left(place), seconds=5)


def test_a_python_that_ends_leaves_no_browser(place):
	with start_python("", place) as python:
		assert python.wait(10) == 0
	wait_until(lambda: nothing_is_left(place), seconds=2)


def test_a_forked_child_prints_on_a_browser_of_its_own_and_leaves_none(place):
	text = """
if not (child := os.fork()):
	pdf = printer.print_html("in the child")
	os._exit(0 if pdf.startswith(b"%PDF") else 1)
say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
sys.stdin.readline()
assert printer.print_html("in the parent").startswith(b"%PDF")
say("printed")
"""
	with start_python(text, place) as python:
		assert python.stdout.readline() == "0\n"
		wait_until(lambda: len(leaders(place)) == 1, seconds=5)
		python.stdin.write("\n")
		python.stdin.flush()
		assert python.stdout.readline() == "printed\n"
	wait_until(lambda: nothing_is_left(place), seconds=5)


def test_a_forked_child_does_not_keep_its_parents_browser_alive(place):
	text = """
if not (child := os.fork()):
	os.close(1)
	time.sleep(60)
say(child)
time.sleep(60)
"""
	with start_python(text, place) as python:
		child = psutil.Process(int(python.stdout.readline()))
		python.kill()
		try:
			wait_until(lambda: nothing_is_left(place), seconds=5)
			assert child.is_running()
		finally:
			child.kill()
