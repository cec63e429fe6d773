"""How an agent is, as a mark and a word."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

# health → the status whose shape and colour say as much, and its own word.
HEALTH = {
    "ready": ("succeeded", "Ready"),
    "starting": ("queued", "Starting"),
    "degraded": ("waiting", "Degraded"),
    "silent": ("failed", "Silent"),
    "offline": ("cancelled", "Offline"),
}
MEANS = {
    "ready": "It said so within the last minute.",
    "starting": "It has registered and is not ready yet.",
    "degraded": "It says that it lacks something it needs.",
    "silent": "No sign of life for more than a minute. Calls still go out to it.",
    "offline": "It said that it stops.",
}


@register.simple_tag
def health(value: str) -> SafeString:
    """Icon and word; ``title`` says what the word means."""
    status, word = HEALTH.get(value, ("queued", value))
    return format_html(
        '<span class="status" data-status="{}" title="{}">'
        '<svg class="i" aria-hidden="true"><use href="#s-{}"/></svg>{}</span>',
        status,
        MEANS.get(value, ""),
        status,
        word,
    )
