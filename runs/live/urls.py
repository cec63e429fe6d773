"""The streams that pages listen to."""

from django.urls import path

from runs.live import stream

urlpatterns = [
    # Before any `runs/<id>/`: "stream" is no run id.
    path("runs/stream", stream.run_list_stream, name="run-list-stream"),
    path("runs/<str:run_id>/events/stream", stream.run_page_stream, name="run-stream"),
]
