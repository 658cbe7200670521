import json
import shutil
from pathlib import Path

import pytest

from ironwright.gates.catalog import gates
from ironwright.records.config import (
    CargoConfig,
    CheckConfig,
    ModelsConfig,
    RunConfig,
    SandboxConfig,
    parse_config,
)
from ironwright.workflow.settings_file import meanings, settings_template, toml_value


def test_every_gate_is_listed(cli, tmp_path):
    data = json.loads(cli("gates", "list", "--format", "json", cwd=tmp_path).out)
    assert [gate["id"] for gate in data["gates"]] == list(gates())
    text = cli("gates", "list", cwd=tmp_path).out
    assert all(gate in text for gate in gates())


@pytest.mark.parametrize("gate", list(gates()))
def test_every_gate_explains_itself(cli, tmp_path, gate):
    out = cli("gates", "show", gate, cwd=tmp_path).out
    for heading in ("What it checks:", "Why:", "Evidence:", "Unknown when:"):
        assert heading in out


def test_an_unknown_gate_is_answered_with_the_nearest(cli, tmp_path):
    answer = cli("gates", "show", "low_covrage", cwd=tmp_path)
    assert answer.code == 2
    assert "low_coverage" in answer.err


def test_doctor_knows_what_the_default_contract_needs(cli, tmp_path):
    answer = cli("doctor", "--format", "json", cwd=tmp_path)
    data = json.loads(answer.out)
    assert answer.code == (0 if data["ready"] else 3)
    assert {"git", "rustc", "cargo"} <= {tool["name"] for tool in data["tools"] if tool["needed"]}
    assert {box["name"] for box in data["sandboxes"]} == {"bubblewrap", "landlock"}
    assert all(tool["advice"] for tool in data["tools"] if tool["path"] is None)


def test_doctor_without_rust_is_not_ready_and_says_how_to_install_it(cli, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("git", "bwrap"):
        found = shutil.which(name)
        if found:
            (programs / name).symlink_to(found)
    if any(Path(folder, "rustc").exists() for folder in ("/usr/bin", "/usr/local/bin")):
        pytest.skip("rustc is installed for everybody here")
    environment = {"PATH": str(programs), "CARGO_HOME": str(tmp_path), "RUSTUP_HOME": str(tmp_path)}
    environment["IRONWRIGHT_CACHE_HOME"] = str(tmp_path / "cache")
    answer = cli("doctor", cwd=tmp_path, env=environment)
    assert answer.code == 3
    assert "NOT READY" in answer.out
    assert "rustup.rs" in answer.out


def test_doctor_installs_what_the_default_gates_need_first_and_tells_of_each(cli, tmp_path):
    if any(Path(folder, "rustc").exists() for folder in ("/usr/bin", "/usr/local/bin")):
        pytest.skip("rustc is installed for everybody here")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "git").symlink_to(shutil.which("git"))
    environment = {"PATH": str(programs), "CARGO_HOME": str(tmp_path), "RUSTUP_HOME": str(tmp_path)}
    environment["IRONWRIGHT_CACHE_HOME"] = str(tmp_path / "cache")
    answer = cli("doctor", "--install", "--format", "json", cwd=tmp_path, env=environment)
    assert answer.code == 3
    missing = [tool for tool in json.loads(answer.out)["tools"] if tool["path"] is None]
    told = {tool["name"]: answer.err.index(f"{tool['name']} is still missing") for tool in missing}
    del told["bwrap"]  # needed where no sandbox works, as here
    needed = [told[tool["name"]] for tool in missing if tool["needed"]]
    others = [told[tool["name"]] for tool in missing if not tool["needed"] and tool["name"] in told]
    assert needed
    assert others
    assert max(needed) < min(others)


def machine_without_machete(folder, said):
    """A machine whose cargo writes what it is told to, and then installs a cargo-machete that answers."""
    home = folder / "cargo-home"
    target = home / "bin" / "cargo-machete"
    (folder / "rust/bin").mkdir(parents=True)
    (folder / "programs").mkdir()
    cargo = folder / "rust/bin/cargo"
    cargo.write_text(
        f"#!/bin/sh\n[ $1 = install ] || {{ echo cargo 1.99.0; exit; }}\n{said}\nmkdir -p {target.parent}\n"
        f"printf '#!/bin/sh\\necho 0.9.2\\n' > {target}; chmod 755 {target}\n"
    )
    rustc = folder / "programs/rustc"
    rustc.write_text(
        f"#!/bin/sh\ncase $1 in --print) echo {folder}/rust;; *) "
        "printf 'release: 1.99.0\\nhost: x86_64-test\\nLLVM version: 77.1.0\\n';; esac\n"
    )
    for program in (cargo, rustc):
        program.chmod(0o755)
    (folder / "rust/bin/rustc").symlink_to(rustc)
    return {
        "PATH": f"{folder}/programs:/usr/bin:/bin",
        "CARGO_HOME": str(home),
        "RUSTUP_HOME": str(folder),
        "IRONWRIGHT_CACHE_HOME": str(folder / "cache"),
    }


def test_doctor_installs_only_the_tool_that_is_named(cli, tmp_path):
    environment = machine_without_machete(tmp_path, ":")
    answer = cli("doctor", "--install", "cargo-machete", "--format", "json", cwd=tmp_path, env=environment)
    (machete,) = [tool for tool in json.loads(answer.out)["tools"] if tool["name"] == "cargo-machete"]
    assert (machete["ok"], machete["version"]) == (True, "0.9.2")
    assert "cargo install --locked cargo-machete (exit code 0)" in answer.err
    assert "installing cargo-mutants" not in answer.err
    assert not any(word in answer.err for word in ("apt-get", "rustup component"))


def test_doctor_shows_whole_lines_of_what_an_installer_says(cli, tmp_path):
    said = "printf '   Compil'; sleep 0.3; printf 'ing syn v2.0.1\\n'; sleep 1.2; printf '10%%\\r20%%\\r'"
    environment = machine_without_machete(tmp_path, said)
    answer = cli("doctor", "--install", "cargo-machete", cwd=tmp_path, env=environment)
    assert "installing cargo-machete: Compiling syn v2.0.1" in answer.err
    assert "installing cargo-machete: 20%" in answer.err
    assert not any(line.endswith(": Compil") for line in answer.err.splitlines())


def test_doctor_refuses_a_tool_that_nobody_knows_and_lists_the_known(cli, tmp_path):
    answer = cli("doctor", "--install", "cargo-machette", cwd=tmp_path)
    assert answer.code == 2
    assert "no tool is named cargo-machette" in answer.err
    assert "cargo-machete" in answer.err


def test_a_named_tool_that_cannot_be_had_is_exit_code_3(cli, tmp_path):
    environment = machine_without_machete(tmp_path, "echo 'error: no network' >&2; exit 101")
    answer = cli("doctor", "--install", "cargo-machete", cwd=tmp_path, env=environment)
    assert answer.code == 3
    assert "error: no network" in answer.err
    assert "cargo-machete is still missing: it was tried as shown above" in answer.err


def test_doctor_never_shows_a_key(cli, tmp_path):
    answer = cli("doctor", cwd=tmp_path, env={"OPENAI_API_KEY": "sk-very-secret"})
    assert "OPENAI_API_KEY" in answer.out
    assert "very-secret" not in answer.out + answer.err


def test_the_settings_template_has_every_key_with_its_meaning():
    text = settings_template(gates().values())
    for section in (
        CheckConfig,
        RunConfig,
        ModelsConfig,
        CargoConfig,
        SandboxConfig,
    ):
        described = meanings(section)
        assert described.keys() == set(section.__dataclass_fields__), section.__name__
        assert all(f"# {key} = " in text for key in described)
    assert all(f"# [gates.{gate.id}]" in text for gate in gates().values() if gate.params)


def test_the_settings_template_uncommented_is_valid():
    text = settings_template(gates().values())
    lines = [
        line.removeprefix("# ") if " = " in line or line.startswith("# [gates.") else line
        for line in text.splitlines()
        if not line.startswith(("# Settings", "# Gates.", "# parameters"))
    ]
    parsed = parse_config("\n".join(line for line in lines if not line.startswith("# ")), "ironwright.toml")
    assert parsed.run.repairs == RunConfig().repairs
    assert parsed.gates["oversized_files"].params["max_lines"] == 200


@pytest.mark.parametrize("value", [True, 3, 2.5, 'a "quoted" \\ word\n', ("a", "b"), ()])
def test_a_value_survives_toml(value):
    import tomllib

    back = tomllib.loads(f"key = {toml_value(value)}")["key"]
    assert (tuple(back) if isinstance(value, tuple) else back) == value
