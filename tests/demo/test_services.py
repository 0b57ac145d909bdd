import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer

from pylae.demo.services import catalog_app, webapp_app


@pytest.fixture
async def catalog() -> AsyncIterator[TestClient]:
    async with TestClient(TestServer(catalog_app())) as client:
        yield client


async def test_webapp_answers_what_catalog_has_without_the_spaces(catalog: TestClient) -> None:
    app = webapp_app(catalog.session, str(catalog.make_url("/")))
    async with TestClient(TestServer(app)) as webapp, webapp.get("/api/catalog") as answer:
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert len(await answer.read()) == 357


async def test_catalog_answers_as_an_express_server_would(catalog: TestClient) -> None:
    async with catalog.get("/items") as answer:
        assert answer.headers["x-powered-by"] == "Express"
        assert answer.headers["etag"] == 'W/"1f6-ih2h+hDQ0yLLcKIlBvwkWbyQGK4"'
        assert len(await answer.read()) == 502


@pytest.mark.parametrize(("item", "status"), [("3", 200), ("9", 404)])
async def test_catalog_knows_its_items_one_by_one(catalog: TestClient, item: str, status: int) -> None:
    async with catalog.get(f"/items/{item}") as answer:
        assert answer.status == status


async def test_webapp_says_so_when_catalog_does_not_answer() -> None:
    async with ClientSession() as session, TestClient(TestServer(webapp_app(session, "http://127.0.0.1:1"))) as webapp:
        answer = await webapp.get("/api/catalog")
        assert answer.status == 502
        assert "catalog at http://127.0.0.1:1 does not answer" in (await answer.json())["error"]


@contextmanager
def service(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "pylae.demo.services", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


@pytest.mark.real
def test_a_service_says_where_it_listens_and_ends_on_sigterm() -> None:
    with service("catalog") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("catalog listens on 127.0.0.1:")
        process.terminate()
        assert process.wait(timeout=5) == 0
