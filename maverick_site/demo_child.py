"""The demo workflow, run once on an empty database by a child of `maverick up`."""

import os

from maverick_site.children import die_with_parent


def main() -> None:
    die_with_parent()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maverick_site.settings")
    import django

    django.setup()

    from runs.operations.demo import ensure_demo

    ensure_demo()


if __name__ == "__main__":
    main()
