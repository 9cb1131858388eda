"""The floors and the rows above them, once each and small: that they measure what they say, not how fast it is."""

from drivers.contract.clock import SystemClock
from drivers.contract.http import HttpClient
from hil.bench import fanout, images
from hil.bench.floor import bare_server
from hil.bench.line import Line
from hil.bench.sinks import sinks


async def test_the_bare_server_answers_the_bytes_it_was_given() -> None:
    async with bare_server(b"<answer/>") as port, Line.open(port, "/", b"<a/>") as line:
        took, body = await line.ask()
        assert body == b"<answer/>"
        assert 0 < took < 5
        assert (await line.ask())[1] == b"<answer/>"  # on the same connection


async def test_the_bare_stream_is_as_long_as_it_was_given() -> None:
    async with bare_server(b"x" * 100_001, chunk=4096) as port, HttpClient() as client:
        answer = await client.post(f"http://127.0.0.1:{port}/", b"", {}, 5.0)
    assert answer.body == b"x" * 100_001


async def test_sinks_take_posts_on_ports_of_their_own() -> None:
    async with sinks(3) as ports, HttpClient() as client:
        assert len(set(ports)) == 3
        for port in ports:
            assert (await client.post(f"http://127.0.0.1:{port}/x", b"<a/>" * 5000, {}, 5.0)).status == 202


async def test_the_fan_out_reaches_all() -> None:
    figure = await fanout.figure(1, SystemClock())
    assert figure.floor is not None
    assert figure.ours.median > 0
    assert "POSTs a second" in figure.note


async def test_a_coded_page_passes_and_is_compared_with_as_many_bytes() -> None:
    figure = await images.figure(1, SystemClock())
    assert figure.ratio is not None
    assert int(figure.name.split()[-2]) > 10  # MB
