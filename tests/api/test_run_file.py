"""A run as a file by API."""

import io
import zipfile


def test_a_run_is_exported_and_imported_under_a_new_id(viewer, operator, make_run, make_execution):
    run = make_run()
    make_execution(run, "a", output={"v": 1})
    answer = viewer.get(f"/runs/{run.id}/export")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert f"{run.id}.zip" in answer["Content-Disposition"]
    data = b"".join(answer.streaming_content)
    assert "ro-crate-metadata.json" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    taken = operator("POST", "/runs/import", raw=data, type="application/zip")
    assert (taken.status_code, taken.json()["code"]) == (409, "run-exists")
    made = operator("POST", "/runs/import?new_id=true", raw=data, type="application/zip")
    assert made.status_code == 201
    new = made.json()["run"]["id"]
    assert new != run.id
    assert viewer.get(f"/runs/{new}/executions").json()["items"][0]["output"] == {"v": 1}
    assert "It was" in made.json()["notes"][0]


def test_what_is_no_run_s_file_is_refused(viewer, operator, make_run):
    for data in (b"hello", b"PK\x05\x06" + b"\0" * 18):
        refused = operator("POST", "/runs/import", raw=data, type="application/zip")
        assert (refused.status_code, refused.json()["code"]) == (422, "run-file-damaged")
    assert operator("POST", "/runs/import", {}).status_code == 415
    assert viewer("POST", "/runs/import", raw=b"PK", type="application/zip").status_code == 403
    open_ = make_run(status="running", finished_at=None)
    assert viewer.get(f"/runs/{open_.id}/export").json()["code"] == "run-not-over"
    assert viewer.get("/runs/run_00000000000000/export").status_code == 404
