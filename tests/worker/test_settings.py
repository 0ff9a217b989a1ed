"""Where values come from, what is refused and how it is said, and that a child process gets the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.settings import Settings, SettingsError, as_environment, load

CASES = Path(__file__).resolve().parent.parent / "cases" / "settings"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusals(**how: object) -> tuple[str, ...]:
    arguments = {"config": None, "overrides": {}, "environ": {}, **how}
    with pytest.raises(SettingsError) as caught:
        load(**arguments)  # type: ignore[arg-type]  # keyword arguments of mixed types, by design of the helper
    return caught.value.problems


def origin_of(settings: Settings, name: str) -> tuple[str, str]:
    return next((found.value, found.origin) for found in settings.origins() if found.name == name)


def test_defaults_need_no_file_and_say_so(folder: Path) -> None:
    settings = load(None, {}, {"PATH": "/bin"})
    assert settings.redis_url is None
    assert settings.toml is None
    assert settings.store.keep_days == 400
    assert {found.origin for found in settings.origins()} == {"default"}
    assert all(found.description for found in settings.origins())


def test_each_layer_wins_over_the_one_below(folder: Path) -> None:
    (folder / "hketo-watch.toml").write_text("[poll]\nbatch = 2\nlease = 200\nbacklog = 9\n")
    environ = {"HKETO_POLL__BATCH": "3", "HKETO_POLL__LEASE": "300"}
    settings = load(None, {"poll.batch": 4, "poll.backlog": None}, environ)
    assert origin_of(settings, "poll.batch") == ("4", "command line")
    assert origin_of(settings, "poll.lease") == ("300.0", "environment HKETO_POLL__LEASE")
    assert origin_of(settings, "poll.backlog") == ("9", "hketo-watch.toml:4")
    assert origin_of(settings, "poll.tick")[1] == "default"


def test_every_problem_of_a_file_is_told_at_once_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)
    told = refusals(config=Path("broken.toml"))
    expected = (CASES / "broken.expected").read_text().splitlines()
    assert [line.split(" (known:")[0] for line in told] == expected
    assert not any("never shown" in line for line in told)


def test_a_file_that_is_named_must_be_there(folder: Path) -> None:
    assert refusals(config=Path("none.toml")) == ("none.toml: cannot read: No such file or directory",)
    assert refusals(environ={"HKETO_CONFIG": "none.toml"}) == (
        "none.toml: cannot read: No such file or directory",
    )


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            {"HKETO_POLL__BTCH": "3"},
            'environment HKETO_POLL__BTCH: no such setting (did you mean "HKETO_POLL__BATCH"?)',
        ),
        (
            {"HKETO_WEBHOOK_SECRET": "x"},
            'environment HKETO_WEBHOOK_SECRET: no such setting (did you mean "HKETO_WEBHOOK__SECRET"?)',
        ),
        (
            {"HKETO_POLL__BATCH": "ten"},
            'environment HKETO_POLL__BATCH: poll.batch must be a valid integer, not "ten"',
        ),
        ({"HKETO_POLL__BATCH": ""}, "environment HKETO_POLL__BATCH: poll.batch must not be empty"),
        (
            {"HKETO_LOG__LEVEL": "loud"},
            "environment HKETO_LOG__LEVEL: log.level must be 'debug', 'info', 'warning' or 'error', not",
        ),
        (
            {"HKETO_POLL__LEASE": "1"},
            "poll.lease = 1.0 (environment HKETO_POLL__LEASE) must be more than poll.total_timeout = ",
        ),
        (
            {"REDIS_URL": "redis://:hush@a b:x/0", "REDIS_URL_FILE": ""},
            "environment REDIS_URL: redis_url cannot be used: not a Redis address: host or port cannot be "
            "read; write redis://[user:password@]host:port/db, rediss://... or unix:///absolute/path?db=0",
        ),
        (
            {"REDIS_URL": "x", "REDIS_URL_FILE": "y"},
            "environment REDIS_URL and REDIS_URL_FILE are both set: keep one",
        ),
        (
            {"HKETO_WEBHOOK__SECRET_FILE": "absent"},
            "environment HKETO_WEBHOOK__SECRET_FILE: cannot read absent: No such file or directory",
        ),
        (
            {"HKETO_POLL__CONTACT": "a\r\nX: b"},
            "environment HKETO_POLL__CONTACT: poll.contact must match pattern",
        ),
    ],
)
def test_a_bad_variable_is_named(folder: Path, environ: dict[str, str], told: str) -> None:
    problems = refusals(environ=environ)
    assert len(problems) == 1
    assert problems[0].startswith(told)
    assert "hush" not in problems[0]


def test_a_secret_may_come_from_a_file_and_is_never_shown(folder: Path) -> None:
    (folder / "key").write_text(" s3cret \n")
    (folder / "url").write_text("redis://:pa%2Fss@db:6380/2\n")
    environ = {"HKETO_WEBHOOK__SECRET_FILE": "key", "REDIS_URL_FILE": "url"}
    settings = load(None, {"webhook.url": "https://me:pw@hooks.example/T0/B0/hookkey9"}, environ)
    assert settings.webhook.secret and settings.webhook.secret.get_secret_value() == " s3cret "
    assert origin_of(settings, "webhook.secret") == ("***", "environment HKETO_WEBHOOK__SECRET_FILE")
    assert origin_of(settings, "redis_url") == ("redis://:***@db:6380/2", "environment REDIS_URL_FILE")
    assert origin_of(settings, "webhook.url") == ("https://hooks.example/***", "command line")
    everything = f"{settings!r} {settings} {settings.model_dump_json()} {settings.origins()}"
    assert not [word for word in ("s3cret", "pa%2Fss", "pa/ss", "hookkey9") if word in everything]


def test_an_empty_secret_file_is_refused(folder: Path) -> None:
    (folder / "key").write_text("\n")
    assert refusals(environ={"HKETO_WEBHOOK__SECRET_FILE": "key"}) == (
        "environment HKETO_WEBHOOK__SECRET_FILE: key is empty",
    )


def test_the_own_name_of_the_server_wins_over_the_common_one(folder: Path) -> None:
    environ = {"REDIS_URL": "redis://common", "HKETO_REDIS_URL": ""}
    assert load(None, {}, environ).redis_url is None
    settings = load(None, {}, {"REDIS_URL": "redis://common"})
    assert settings.redis_url and settings.redis_url.get_secret_value() == "redis://common"


def test_paths_of_a_file_start_at_its_folder(folder: Path) -> None:
    (folder / "etc").mkdir()
    (folder / "etc" / "my.toml").write_text('data_dir = "state"\n[poll]\nsources_file = "/abs/list"\n')
    settings = load(Path("etc/my.toml"), {}, {})
    assert settings.data_dir == Path("etc/state")
    assert settings.poll.sources_file == Path("/abs/list")


def test_settings_cannot_be_changed_but_copied_with_other_values(folder: Path) -> None:
    settings = load(None, {"poll.batch": 3}, {})
    with pytest.raises(ValueError, match="frozen"):
        settings.namespace = "other"  # the refusal is what is tested
    with pytest.raises(ValueError, match="frozen"):
        settings.poll.batch = 1  # the refusal is what is tested
    started = settings.with_values({"redis_url": "unix:///run/x.sock"}, "embedded server")
    assert started.poll.batch == 3
    assert origin_of(started, "redis_url") == ("unix:///run/x.sock", "embedded server")
    assert settings.redis_url is None
    with pytest.raises(SettingsError, match="embedded server: redis_url"):
        settings.with_values({"redis_url": "run/x.sock"}, "embedded server")
    with pytest.raises(KeyError):
        settings.with_values({"redis": "x"}, "typo of the program")


SECONDS = st.floats(min_value=0.001, max_value=1e6)
TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126))


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "redis_url": st.sampled_from(["redis://:p%40ss@host:6379/1", "unix:///run/redis.sock?db=2"]),
            "data_dir": st.sampled_from(["data", "/var/lib/hketo", "with space/é"]),
            "appendfsync": st.sampled_from(["everysec", "always"]),
            "poll.interval": SECONDS,
            "poll.min_gap": st.floats(min_value=0, max_value=1e6),
            "poll.batch": st.integers(min_value=1),
            "poll.contact": TEXT,
            "poll.builtin": st.booleans(),
            "poll.private_hosts": st.lists(st.from_regex(r"\A[a-z0-9.-]{1,9}\Z")),
            "poll.sources_file": st.sampled_from(["list.txt", "/list,with,commas"]),
            "process.workers": st.integers(min_value=1),
            "webhook.secret": st.text(
                min_size=1, alphabet=st.characters(codec="utf-8", exclude_characters="\0")
            ),
            "log.level": st.sampled_from(["debug", "error"]),
        },
    )
)
def test_a_child_gets_equal_settings_whatever_its_own_environment(overrides: dict[str, object]) -> None:
    settings = load(None, overrides, {})
    child = {"HKETO_POLL__BATCH": "77", "REDIS_URL": "redis://other", "HKETO_WEBHOOK__SECRET_FILE": "/absent"}
    assert load(None, {}, {**child, **as_environment(settings)}) == settings


def test_a_real_child_process_gets_them_with_the_users_file(folder: Path) -> None:
    (folder / "hketo-watch.toml").write_text('[poll]\nbatch = 5\n[[watch]]\nid = "mine"\n')
    settings = load(None, {"webhook.secret": "schlüssel 鑰匙"}, {})
    (folder / "elsewhere").mkdir()
    code = (
        "from worker.settings import load_here; s = load_here();"
        "print(s.poll.batch, s.webhook.secret.get_secret_value() == 'schlüssel 鑰匙', s.toml.data['watch'])"
    )
    child = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **as_environment(settings)},
        cwd=folder / "elsewhere",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert child.stdout.strip() == "5 True [{'id': 'mine'}]"


def test_what_the_tests_are_told_by_the_environment_is_no_setting_and_no_mistake(folder: Path) -> None:
    """A service that a test starts has the environment of the test."""
    tests = Path(__file__).resolve().parent.parent
    asked = {
        name
        for file in tests.rglob("*.py")
        for name in re.findall(r"environ(?:\.get\(|\[)\"(HKETO_[A-Z_]+)\"", file.read_text("utf-8"))
        if "__" not in name
    }
    assert {"HKETO_SHARED", "HKETO_CHROMIUM", "HKETO_TEST_SERVER"} <= asked
    assert load(None, {}, dict.fromkeys(asked, "1")).redis_url is None
