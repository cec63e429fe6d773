"""maverick.toml → the agent that a step means."""

from __future__ import annotations

from pathlib import Path

import pytest

from runs.agents.errors import AgentMisconfigured, UnknownAgent
from runs.agents.settings import AgentBook, load_agents

CHAT = """
[agents.reviewer]
base_url = "https://models.example/v1"
model = "large"
api_key = "${{ secrets.MODEL_KEY }}"
temperature = 0.2
"""


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    project, user = tmp_path / "project", tmp_path / "home"
    project.mkdir()
    user.mkdir()
    return project, user


def book(places: tuple[Path, Path], project: str = "", user: str = "") -> AgentBook:
    for folder, text in zip(places, (project, user), strict=True):
        if text:
            (folder / "maverick.toml").write_text(text)
    return load_agents(*places)


def told(book: AgentBook) -> list[str]:
    return [f"{one.key}: {one.message}" for one in book.problems]


def test_a_command_is_a_list_of_words_or_a_text(places) -> None:
    found = book(
        places,
        """
        [agents.a]
        command = ["my agent", "--flag"]
        [agents.b]
        command = "my-agent 'two words'"
        prompt = "argument"
        output = "json"
        """,
    )
    assert found.problems == ()
    assert found.resolve("agent", "a").command == ("my agent", "--flag")
    b = found.resolve("agent", "b")
    assert (b.kind, b.command) == ("command", ("my-agent", "two words"))
    assert (b.prompt, b.output) == ("argument", "json")


def test_a_step_wins_over_its_table_that_over_the_agent_that_over_the_defaults(places) -> None:
    found = book(
        places,
        CHAT + '[steps.review]\nmodel = "for the step"\n[agent_defaults]\nmax_tokens = 100\n',
        "[agent_defaults]\nmax_tokens = 7\nmax_retries = 9\n[steps.review]\nmax_tokens = 8\n",
    )
    assert found.problems == ()
    plain = found.resolve("agent", "reviewer")
    assert (plain.model, plain.max_tokens, plain.max_retries) == ("large", 100, 9)
    step = found.resolve("agent", "reviewer", "review")
    assert (step.model, step.max_tokens) == ("for the step", 8)
    own = found.resolve("agent", "reviewer", "review", {"model_id": "own", "timeout": "5m"})
    assert (own.model, own.timeout) == ("own", 300)


def test_the_project_s_agent_replaces_the_user_s_whole(places) -> None:
    found = book(places, '[agents.reviewer]\ncommand = "mine"\n', CHAT)
    setup = found.resolve("agent", "reviewer")
    assert (setup.kind, setup.model, setup.temperature) == ("command", "", None)


def test_pyproject_serves_where_there_is_no_maverick_toml(places) -> None:
    text = '[tool.maverick.generators.title]\ncommand = "title"\n'
    (places[0] / "pyproject.toml").write_text(text)
    assert load_agents(*places).resolve("generator", "title").output == "text"
    both = book(places, '[agents.a]\ncommand = "a"\n')
    assert both.names("generator") == []
    assert "is not read" in both.problems[0].message


def test_a_pyproject_that_is_not_about_us_is_not_our_problem(places) -> None:
    (places[0] / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    assert load_agents(places[0], None).problems == ()
    (places[0] / "pyproject.toml").write_text("not toml [")
    assert load_agents(places[0], None).problems == ()


def test_an_unknown_agent_is_told_with_up_to_five_close_names(places) -> None:
    text = "".join(f'[agents.reviewer{n}]\ncommand = "a"\n' for n in range(8))
    with pytest.raises(UnknownAgent) as caught:
        book(places, text + '[agents.other]\ncommand = "a"\n').resolve("agent", "reviewr1")
    assert caught.value.close[0] == "reviewer1"
    assert len(caught.value.close) == 5
    assert "reviewer1" in caught.value.hint
    assert caught.value.permanent


def test_an_agent_called_star_answers_for_names_without_a_table(places) -> None:
    found = book(places, '[agents."*"]\ncommand = "any"\n[agents.own]\ncommand = "own"\n')
    assert found.resolve("agent", "implementer").command == ("any",)
    assert found.resolve("agent", "implementer").name == "implementer"
    assert found.resolve("agent", "own").command == ("own",)
    assert found.names("agent") == ["own"]
    assert found.knows("agent", "implementer")
    assert not found.knows("generator", "implementer")


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ('[agents.a]\ncomand = "x"', "agents.a.comand", "Did you mean command?"),
        ("[agents.a]\ncommand = 3", "agents.a.command", "list of words"),
        ("[agents.a]\ncommand = []", "agents.a.command", "list of words"),
        ('[agents.a]\ncommand = "a \'b"', "agents.a.command", "cannot be split"),
        ('[agents.a]\ncommand = "a ${{ secrets.X }}"', "agents.a.command", "env"),
        ('[agents.a]\ncommand = "a"\nmodel = "${{ inputs.m }}"', "agents.a.model", "as it is"),
        ('[agents.a]\ncommand = "a"\ntimeout = 0', "agents.a.timeout", "more than 0"),
        ('[agents.a]\ncommand = "a"\nprompt = "file"', "agents.a.prompt", "stdin, argument"),
        ('[agents.a]\ncommand = "a"\nbase_url = "http://x"', "agents.a.base_url", "not for"),
        ('[agents.a]\ncommand = "a"\nenv = ["b"]', "agents.a.env", "table"),
        ('[agents.a]\nkind = "command"', "agents.a.command", "is missing"),
        ('[agents.a]\nkind = "commando"', "agents.a.kind", "command, chat, http"),
        ('[agents.a]\nbase_url = "ftp://x"', "agents.a.base_url", "http://"),
        ('[agents.a]\nbase_url = "http://me:word@x/v1"', "agents.a.base_url", "use api_key"),
        ('[agents.a]\nbase_url = "http://x"\napi_key = "sk-1"', "agents.a.api_key", "secrets.NAME"),
        ('[agents.a]\nbase_url = "http://x"\ntemperature = true', "agents.a.temperature", "number"),
        ('[agents.a]\nbase_url = "http://x"\nmax_tokens = 0', "agents.a.max_tokens", "from 1"),
        (
            '[agents.a]\nbase_url = "http://x"\nautonomy = "approver"',
            "agents.a.autonomy",
            "not for",
        ),
        ('[agents.a]\nurl = "http://x"', "agents.a.kind", "registers itself"),
        (
            '[agents.a]\nprompt_file = "p.md"\ncommand = "a"',
            "agents.a.prompt_file",
            "cannot be read",
        ),
        ("[agents]\na = 3", "agents.a", "table"),
        ("agents = 3", "agents", "table"),
        ("[steps.s]\ncommand = 'a'", "steps.s.command", "no such key"),
        ("[agent_defaults]\nmodle = 'a'", "agent_defaults.modle", "Did you mean model?"),
        ("[agent]\n", "agent", "Did you mean agents"),
        ("[agents.a\n", "", "is not TOML"),
    ],
)
def test_every_fault_has_its_file_its_key_and_words(places, text, key, message) -> None:
    found = book(places, text)
    assert [one.key for one in found.problems] == [key]
    assert message in found.problems[0].message
    assert found.problems[0].file == str(places[0] / "maverick.toml")


def test_an_agent_with_a_fault_is_refused_and_the_others_work(places) -> None:
    found = book(places, '[agents.a]\ncommand = "a"\nbad = 1\n[agents.b]\ncommand = "b"\n')
    assert found.resolve("agent", "b").command == ("b",)
    with pytest.raises(AgentMisconfigured, match=r"agents\.a\.bad"):
        found.resolve("agent", "a")


def test_a_file_that_is_no_text_is_a_problem_and_no_traceback(places) -> None:
    (places[0] / "maverick.toml").write_bytes(b"\xff\xfe\x00")
    assert [p.key for p in load_agents(*places).problems] == [""]
    (places[1] / "maverick.toml").mkdir()
    assert len(load_agents(*places).problems) == 1


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"modle": "x"}, "Did you mean model"),
        ({"model": "x", "model_id": "y"}, "the same"),
        ({"provider": "claude"}, "provider is not used"),
        ({"mode": "deterministic"}, "mode"),
        ({"retry_policy": {"max_attempts": 2}, "max_retries": 1}, "exclude"),
        ({"retry_policy": {"tries": 2}}, "retry_policy takes"),
        ({"allowed_tools": ["Read"]}, "means nothing"),
        ({"prompt_file": "a", "prompt_suffix": "b"}, "excludes"),
        ({"temperature": "hot"}, "number"),
    ],
)
def test_a_step_s_config_is_checked(places, config, message) -> None:
    with pytest.raises(AgentMisconfigured, match=message):
        book(places, CHAT).resolve("agent", "reviewer", "review", config)


def test_the_old_spellings_of_config_work(places) -> None:
    config = {"mode": "agent", "model_id": "m", "retry_policy": {"max_attempts": 3, "wait_min": 2}}
    setup = book(places, CHAT).resolve("agent", "reviewer", "review", config)
    assert (setup.model, setup.max_retries, setup.wait_min) == ("m", 2, 2)


def test_a_prompt_file_is_found_beside_the_settings_that_name_it(places) -> None:
    (places[1] / "review.md").write_text("Be kind.\n")
    found = book(places, "", CHAT + 'prompt_file = "review.md"\n')
    assert found.problems == ()
    setup = found.resolve("agent", "reviewer")
    assert setup.instructions == "Be kind."
    # The nearer of two that exclude each other stays.
    other = found.resolve("agent", "reviewer", "", {"prompt_suffix": "Short."})
    assert (other.instructions, other.prompt_suffix) == ("", "Short.")


def test_defaults_are_for_those_whom_they_concern(places) -> None:
    found = book(
        places,
        """
        [agent_defaults]
        base_url = "http://localhost:1/v1"
        model = "m"
        allowed_tools = ["Read"]
        [agents.chat]
        kind = "chat"
        [agents.tool]
        command = "tool"
        """,
    )
    assert found.problems == ()
    assert found.resolve("agent", "chat").base_url == "http://localhost:1/v1"
    assert found.resolve("agent", "chat").allowed_tools is None
    assert found.resolve("agent", "tool").allowed_tools == ("Read",)
    assert found.resolve("agent", "tool").base_url == ""


def test_a_chat_agent_needs_an_address_and_a_model(places) -> None:
    with pytest.raises(AgentMisconfigured, match=r"agents\.a\.base_url: is missing.*a\.model"):
        book(places, "[agents.a]\ntemperature = 1\n").resolve("agent", "a")


def test_the_fingerprint_follows_what_decides_the_answer_and_nothing_else(places) -> None:
    def of(text: str, **config: object) -> str:
        return book(places, text).resolve("agent", "reviewer", "", config).fingerprint

    same = of(CHAT)
    assert of(CHAT, timeout=5, max_retries=1) == same
    assert of(CHAT.replace("MODEL_KEY", "OTHER_KEY")) == same
    assert of(CHAT + "price_in = 1\nprice_out = 2\n") == same
    others = {
        of(CHAT, model="other"),
        of(CHAT, temperature=0.3),
        of(CHAT + 'version = "2"\n'),
        of(CHAT + "options = {seed = 1}\n"),
        of(CHAT.replace("models.example", "other.example")),
        of('[agents.reviewer]\ncommand = "a"\n'),
        of('[agents.reviewer]\ncommand = "a b"\n'),
    }
    assert len(others) == 7
    assert same not in others


@pytest.mark.parametrize("name", ["implementer", "code_reviewer", "commit_message_generator"])
def test_names_that_our_workflows_use_have_instructions_unless_one_gives_others(
    places, name
) -> None:
    found = book(places, f'[agents.{name}]\ncommand = "a"\n[agents.other]\ncommand = "a"\n')
    assert found.resolve("agent", name).instructions.startswith("You ")
    assert found.resolve("agent", "other").instructions == ""
    (places[0] / "own.md").write_text("Mine.")
    assert found.resolve("agent", name, "", {"prompt_file": "own.md"}).instructions == "Mine."
