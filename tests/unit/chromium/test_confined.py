"""What a document that is printed cannot do."""

import base64
import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator

import psutil
import pypdfium2
import pytest

from tests.unit.chromium.browsers import processes, wait_until
from tests.unit.chromium.documents import png, read, read_page


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
	printer.close()
	time.sleep(1)  # for a program that is being started
	assert not started.exists()


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
