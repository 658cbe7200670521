from __future__ import annotations

from pathlib import Path

import pytest

from ironwright.host.cargo_settings import read_settings
from ironwright.records.errors import ToolError

HOST = "x86_64-unknown-linux-gnu"


def settings(tmp_path: Path, text: str, folder: str = "."):
    place = tmp_path / folder / ".cargo"
    place.mkdir(parents=True)
    (place / "config.toml").write_text(text)
    return read_settings(tmp_path, folder, HOST, "/w/repo")


def test_nothing_is_taken_where_nothing_is(tmp_path):
    found = read_settings(tmp_path, ".", HOST, "/w/repo")
    assert found.rustflags == found.env == found.arguments == found.refused == ()


@pytest.mark.parametrize(
    "text",
    [
        '[build]\nrustc-wrapper = "x"',
        '[build]\nrustc = "x"',
        f'[target.{HOST}]\nrunner = "x"',
        f'[target.{HOST}]\nlinker = "x"',
        "[profile.test]\ndebug-assertions = false",
        "[unstable]\nbuild-std = []",
        '[env]\nLD_PRELOAD = "x"',
        '[env]\nRUSTC_BOOTSTRAP = "1"',
        '[env]\nLLVM_PROFILE_FILE = "/dev/null"',
        '[build]\nrustflags = ["-Awarnings"]',
        '[build]\nrustflags = "-C linker=x"',
        '[build]\nrustflags = ["-Cinstrument-coverage=off"]',
    ],
)
def test_what_bends_the_tools_is_refused_and_named(tmp_path, text):
    found = settings(tmp_path, text)
    assert found.rustflags == found.env == found.arguments == ()
    assert len(found.refused) == 1
    assert ".cargo/config.toml" in found.refused[0]


def test_flags_that_select_code_are_taken(tmp_path):
    found = settings(tmp_path, '[build]\nrustflags = ["--cfg", "a", "-C", "target-cpu=native", "-Dwarnings"]')
    assert found.rustflags == ("--cfg=a", "-Ctarget-cpu=native")
    assert found.refused == (".cargo/config.toml: build.rustflags -Dwarnings",)


def test_flags_of_other_platforms_are_left_alone(tmp_path):
    found = settings(tmp_path, '[target.wasm32-unknown-unknown]\nrustflags = ["--cfg", "web"]')
    assert found.rustflags == ()


def test_habits_are_not_worth_a_word(tmp_path):
    assert settings(tmp_path, '[alias]\nx = "run"\n[term]\nquiet = true\n[build]\njobs = 2').refused == ()


def test_variables_reach_the_build(tmp_path):
    found = settings(tmp_path, '[env]\nA = "1"\nB = { value = "data", relative = true }')
    assert dict(found.env) == {"A": "1", "B": "/w/repo/data"}


def test_vendored_sources_are_taken_from_inside_the_checkout(tmp_path):
    text = '[source.crates-io]\nreplace-with = "v"\n[source.v]\ndirectory = "vendor"'
    found = settings(tmp_path, text)
    assert '"source"."crates-io"."replace-with"="v"' in found.arguments
    assert '"source"."v"."directory"="/w/repo/vendor"' in found.arguments


def test_another_platform_is_told(tmp_path):
    assert settings(tmp_path, '[build]\ntarget = "thumbv7em-none-eabi"').target == "thumbv7em-none-eabi"


def test_files_above_the_workspace_count_and_the_nearest_wins(tmp_path):
    settings(tmp_path, '[env]\nA = "far"\nB = "far"')
    found = settings(tmp_path, '[env]\nA = "near"', folder="code")
    assert dict(found.env) == {"A": "near", "B": "far"}


def test_a_link_out_of_the_checkout_is_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "config.toml").write_text('[env]\nA = "1"')
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / ".cargo").symlink_to(outside)
    assert read_settings(checkout, ".", HOST, "/w/repo").env == ()


def test_a_file_that_is_no_toml_is_named(tmp_path):
    with pytest.raises(ToolError) as error:
        settings(tmp_path, "[build")
    assert error.value.where == ".cargo/config.toml"
