"""What browsers are sent: static files in one piece and small, answers compressed."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.test import RequestFactory

from maverick_site.middleware import COMPRESS_FROM, compression
from maverick_site.static_storage import SHEET, HashedStaticFiles

STATIC = Path(__file__).parents[2] / "static"
LONG = "<p>one line of many</p>" * 200


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> HashedStaticFiles:
    """The static files as `maverick up` lays them out; twice, since it does so at each change."""
    folder = tmp_path_factory.mktemp("static")
    with pytest.MonkeyPatch.context() as patch:
        storage = HashedStaticFiles(location=str(folder))
        patch.setattr(staticfiles_storage, "_wrapped", storage)
        for _ in range(2):
            call_command("collectstatic", interactive=False, verbosity=0)
    return storage


def text(storage: HashedStaticFiles, name: str) -> str:
    return Path(storage.path(storage.hashed_files[name])).read_text()


def test_all_style_sheets_are_one_file(collected: HashedStaticFiles) -> None:
    sheet = text(collected, SHEET)
    assert "@import" not in sheet
    named = re.findall(r'@import "([^"]+)"', (STATIC / SHEET).read_text())
    for name in named:
        assert (STATIC / "css" / name).read_text() in sheet
    own_page = {"pages/api_docs.css"}  # linked by the one page that needs it
    assert {f"{path.relative_to(STATIC / 'css')}" for path in STATIC.rglob("*.css")} == (
        {*named, "site.css"} | own_page
    )


def test_modules_import_each_other_by_their_hashed_names(collected: HashedStaticFiles) -> None:
    imported = re.findall(r'(?:from|import)\s*\(?"(\./[^"]+)"', text(collected, "js/main.js"))
    assert len(imported) > 5
    assert all(re.search(r"\.[0-9a-f]{12}\.js$", name) for name in imported)


def test_texts_lie_beside_their_compressed_copies(collected: HashedStaticFiles) -> None:
    for name in (SHEET, "js/main.js", "icon.svg"):
        file = Path(collected.path(collected.hashed_files[name]))
        assert gzip.decompress(file.with_name(f"{file.name}.gz").read_bytes()) == file.read_bytes()


def ask(answer: HttpResponse | StreamingHttpResponse, accepts: str) -> HttpResponse | Any:
    def view(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        return answer

    request = RequestFactory().get("/", headers={"Accept-Encoding": accepts})
    return compression(view)(request)


@pytest.mark.parametrize("accepts", ["gzip", "deflate, gzip;q=1.0, br"])
def test_a_long_answer_is_compressed_for_those_who_can_read_it(accepts: str) -> None:
    answer = ask(HttpResponse(LONG), accepts)
    assert gzip.decompress(answer.content).decode() == LONG
    assert answer["Content-Encoding"] == "gzip"
    assert answer["Content-Length"] == str(len(answer.content))
    assert answer["Vary"] == "Accept-Encoding"


def test_json_is_compressed_too() -> None:
    answer = ask(JsonResponse({"text": LONG}), "gzip")
    assert answer["Content-Encoding"] == "gzip"


def test_who_cannot_read_it_gets_it_plain_and_caches_know_it() -> None:
    answer = ask(HttpResponse(LONG), "br")
    assert answer.content.decode() == LONG
    assert "Content-Encoding" not in answer
    assert answer["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "answer",
    [
        HttpResponse("x" * (COMPRESS_FROM - 1)),
        HttpResponse(b"\x89PNG" * 4000, content_type="image/png"),
        HttpResponse(LONG, headers={"Content-Encoding": "br"}),
    ],
    ids=["short", "a picture", "compressed before"],
)
def test_what_would_not_get_smaller_stays_as_it_is(answer: HttpResponse) -> None:
    content = answer.content
    assert ask(answer, "gzip").content == content
    assert answer.get("Content-Encoding") != "gzip"


def test_a_stream_is_never_held_back() -> None:
    stream = StreamingHttpResponse([LONG.encode()], content_type="text/event-stream")
    assert ask(stream, "gzip") is stream
    assert "Content-Encoding" not in stream
