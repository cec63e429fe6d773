"""`maverick workflow new`: a file to begin with."""

import re
from pathlib import Path

import click

from runs.cli.refusals import CliRefusal

TEMPLATES = {
    "basic": "two steps, an input, an output",
    "full": "agent, checks that are mended, review, commit",
    "loop": "for each item of a list, some at once",
    "agent": "an agent, an approval, a checkpoint",
}


@click.command("new")
@click.argument("name")
@click.option(
    "-t", "--template", type=click.Choice(list(TEMPLATES)), default="basic", show_default=True,
    help="; ".join(f"{name}: {words}" for name, words in TEMPLATES.items()) + ".",
)  # fmt: skip
@click.option("-d", "--description", default="", help="What it is for, in a sentence.")
@click.option(
    "-o", "--output", metavar="FOLDER", default="workflows", show_default=True,
    help="Where the file goes.",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@click.option("--preview", is_flag=True, help="Print the file instead of writing it.")
def new(
    name: str, template: str, description: str, output: str, overwrite: bool, preview: bool
) -> None:
    """Begin a workflow of that NAME, as a file with comments."""
    from runs.cli.printing import say
    from runs.definition.spec import WORKFLOW_NAME_PATTERN

    if not re.fullmatch(WORKFLOW_NAME_PATTERN, name):
        raise CliRefusal(
            "bad-name",
            f"{name[:80]!r} is no workflow name.",
            "Lower case letters, digits and hyphens, a letter first, at most 64.",
        )
    text = filled(template, name, description)
    if preview:
        say(text.rstrip("\n"))
        return
    path = Path(output) / f"{name}.yaml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # "x" refuses a file that is there, also one that comes about this very moment.
        with path.open("w" if overwrite else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        if error.filename != str(path):
            raise CliRefusal("file", f"{path.parent} is no folder.") from None
        hint = "Take another name, or --overwrite."
        raise CliRefusal("file-exists", f"{path} is there already.", hint) from None
    except OSError as error:
        raise CliRefusal("file", f"{path}: {error.strerror}.") from None
    say(f"{path} is written.")
    say(f"  maverick workflow validate {path}")
    say(f"  maverick run {name}")


def filled(template: str, name: str, description: str) -> str:
    """A template's text with its name and description."""
    import json

    from runs.library.find import BUILT_IN

    text = (BUILT_IN / "templates" / f"{template}.yaml.tmpl").read_text(encoding="utf-8")
    about = " ".join(description.split()) or "What it is for, in a sentence."
    # JSON's quotes are YAML's: whatever the description holds, it stays one text.
    words = {"NAME": name, "DESCRIPTION": json.dumps(about, ensure_ascii=False)}
    return re.sub("NAME|DESCRIPTION", lambda found: words[found[0]], text)
