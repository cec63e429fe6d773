"""Labels as they are typed into a field, a line each."""

import pytest

from runs.errors import Refused
from runs.web.label_text import changes_of, labels_of


def test_lines_set_and_take_away() -> None:
    typed = " team = blue \n\nowner-\nurl=a=b-\n"
    assert changes_of(typed) == {"team": "blue", "owner": None, "url": "a=b-"}


@pytest.mark.parametrize(
    ("typed", "left"), [("a=1\na-", None), ("a-\na=1", "1"), ("a=1\na=2", "2")]
)
def test_of_two_words_about_one_label_the_last_counts(typed: str, left: str | None) -> None:
    assert changes_of(typed) == {"a": left}


@pytest.mark.parametrize("line", ["team", "=blue", " = ", "-", "team-"])
def test_what_is_no_label_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(Refused, match=r"is no label: write name=value") as refused:
        labels_of(f"a=1\n{line}")
    assert repr(line.strip()) in refused.value.message
