"""The document is the contract: it changes on purpose, with a diff that a reader sees.

Renew it with ``python -m pytest tests/api/test_openapi_snapshot.py --renew-openapi`` (or with
``RENEW_OPENAPI=1`` in the environment).
"""

import json
import os
from pathlib import Path

import jsonschema_rs

from runs.api.v1.api import api

SNAPSHOT = Path(__file__).parent / "openapi.v1.json"


def test_the_document_is_the_one_that_was_agreed(viewer, request):
    response = viewer.get("/openapi.json")
    assert response.status_code == 200
    text = json.dumps(response.json(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    wanted = request.config.getoption("--renew-openapi", False) or os.environ.get("RENEW_OPENAPI")
    if wanted:
        SNAPSHOT.write_text(text)
    assert text == SNAPSHOT.read_text(), "renew it with --renew-openapi and read the diff"


def test_the_document_is_made_once_and_not_for_every_visit(viewer):
    made = api.get_openapi_schema()
    before = json.dumps(made, default=str)
    viewer.get("/openapi.json")
    viewer.get("/docs")
    assert api.get_openapi_schema() is made
    assert json.dumps(made, default=str) == before
    elsewhere = api.get_openapi_schema(path_prefix="/elsewhere/")["paths"]
    assert all(path.startswith("/elsewhere/") for path in elsewhere)


def test_every_operation_has_an_id_a_tag_security_and_its_refusals(viewer):
    schema = viewer.get("/openapi.json").json()
    seen = set()
    for operations in schema["paths"].values():
        for operation in operations.values():
            assert operation["operationId"] not in seen
            seen.add(operation["operationId"])
            assert operation["tags"]
            assert operation["summary"]
            assert operation["description"]
            assert {"BearerToken": []} in operation["security"]
            assert {"401", "500"} <= set(operation["responses"])
    assert {"BearerToken", "ApiKey", "Login"} == set(schema["components"]["securitySchemes"])


def test_every_body_and_every_answer_has_an_example_that_fits(viewer):
    document = viewer.get("/openapi.json").json()
    shapes = document["components"]["schemas"]
    without = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts = {"body": operation.get("requestBody", {}), **operation["responses"]}
            for name, part in parts.items():
                shape = part.get("content", {}).get("application/json", {}).get("schema")
                if shape is not None and not _has_example(shape, shapes):
                    without.append(f"{method} {path} {name}")
    # A checkpoint's content is made by `checkpoint export`; nobody writes one.
    assert set(without) <= {
        "post /api/v1/checkpoints body",
        "get /api/v1/runs/{run_id}/checkpoints/{checkpoint_id}/export 200",
    }
    for name, shape in shapes.items():
        check = jsonschema_rs.validator_for({**shape, "components": document["components"]})
        for example in [*shape.get("examples", []), *filter(None, [shape.get("example")])]:
            assert [error.message for error in check.iter_errors(example)] == [], name


def _has_example(shape, shapes):
    if "example" in shape or "examples" in shape:
        return True
    if "$ref" in shape:
        return _has_example(shapes[shape["$ref"].rpartition("/")[2]], shapes)
    inside = [*shape.get("anyOf", []), *shape.get("allOf", []), *shape.get("oneOf", [])]
    inside += [*shape.get("properties", {}).values(), *filter(None, [shape.get("items")])]
    return any(_has_example(one, shapes) for one in inside if one.get("type") != "null")


def test_every_reference_in_the_document_leads_somewhere(viewer):
    text = viewer.get("/openapi.json").content.decode()
    schema = json.loads(text)

    def references(value):
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"]
            for item in value.values():
                yield from references(item)
        elif isinstance(value, list):
            for item in value:
                yield from references(item)

    for reference in references(schema):
        name = reference.removeprefix("#/components/schemas/")
        assert name in schema["components"]["schemas"], reference


def test_the_page_has_every_operation_and_no_script_of_its_own(viewer):
    response = viewer.get("/docs")
    assert response.status_code == 200
    text = response.content.decode()
    for operations in viewer.get("/openapi.json").json()["paths"].values():
        for operation in operations.values():
            assert f'id="{operation["operationId"]}"' in text
    assert 'id="error-run-not-found"' in text
    assert "<script>" not in text
    assert "style=" not in text
    assert "https://" not in text
