"""A job sees cargo's configuration without its secrets, and an environment of its own."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from ironwright.host.inside import environment, network_environment, public_config
from ironwright.host.toolchain import Toolchain
from ironwright.records.errors import SandboxError

RUST = Toolchain(Path("/rust"), "1.90.0", "x86_64-unknown-linux-gnu", 20, "", Path("/me/.cargo"))
secret_keys = st.sampled_from(
    ["token", "TOKEN", "secret-key", "my_token_2", "credential-provider", "credentials"]
)
plain_keys = st.text("abcdefghij-", min_size=1, max_size=8).map(lambda name: f"k{name}")
values = st.one_of(st.integers(-1000, 1000), st.booleans(), st.text("abc $\"'\\", max_size=8))
tables = st.recursive(
    st.dictionaries(plain_keys, values, max_size=4),
    lambda inner: st.dictionaries(plain_keys, st.one_of(values, inner), max_size=4),
    max_leaves=12,
)


def test_a_configuration_without_secrets_is_shown_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("# mirror\n[source.crates-io]\nreplace-with = 'mirror'\n")
    assert public_config(path, network=False) == path.read_bytes()


def test_tokens_environment_proxies_and_wrappers_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        '[registries.own]\nindex = "sparse+https://own/"\ntoken = "hidden"\n[env]\nKEY = "hidden"\n'
        '[http]\nproxy = "user:hidden@host"\ntimeout = 9\n[build]\nrustc-wrapper = "sccache"\njobs = 2\n'
    )
    shown = public_config(path, network=False)
    assert b"hidden" not in shown
    assert tomllib.loads(shown.decode()) == {
        "registries": {"own": {"index": "sparse+https://own/"}},
        "http": {"timeout": 9},
        "build": {"jobs": 2},
    }
    assert "proxy" in tomllib.loads(public_config(path, network=True).decode())["http"]


@given(table=tables, key=secret_keys, depth=st.integers(0, 3))
def test_no_secret_survives_at_any_depth(
    tmp_path_factory: pytest.TempPathFactory, table: dict[str, object], key: str, depth: int
) -> None:
    holder: dict[str, object] = {key: "hidden-value"}
    for level in range(depth):
        holder = {f"k{level}": holder}
    path = tmp_path_factory.getbasetemp() / "some-config.toml"
    path.write_text(tomlkit.dumps({**table, "kholder": holder}))
    shown = public_config(path, network=False)
    assert b"hidden-value" not in shown
    assert {
        name: value for name, value in tomllib.loads(shown.decode()).items() if name != "kholder"
    } == table


@pytest.mark.parametrize("content", [b"[", b"\xff\xfe", b"a = \n"])
def test_a_configuration_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(SandboxError) as raised:
        public_config(path, network=False)
    assert raised.value.where == str(path)


def test_the_network_environment_has_no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARGO_HTTP_CAINFO", "/etc/ca.pem")
    monkeypatch.setenv("CARGO_NET_RETRY", "3")
    monkeypatch.setenv("CARGO_REGISTRIES_OWN_TOKEN", "hidden")
    monkeypatch.setenv("GITHUB_TOKEN", "hidden")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    values = network_environment()
    assert {"CARGO_HTTP_CAINFO", "CARGO_NET_RETRY", "https_proxy"} <= values.keys()
    assert "hidden" not in values.values()


def test_a_job_may_set_its_own_variables_over_the_sandboxs() -> None:
    values = environment(RUST, {"LANG": "de", "X": "1"}, home="/h", cargo_home="/h/.cargo", network=False)
    assert (values["LANG"], values["X"], values["HOME"]) == ("de", "1", "/h")
    assert values["PATH"].split(":")[:2] == ["/rust/bin", "/me/.cargo/bin"]
    assert values["CARGO_NET_OFFLINE"] == "true"
    assert "CARGO_NET_OFFLINE" not in environment(RUST, {}, home="/h", cargo_home="/c", network=True)
