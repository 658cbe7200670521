from __future__ import annotations

from ironwright.records.journal import EventKind
from ironwright.records.manifest import manifest_digest
from ironwright.testing.gate_testing import MANIFEST, Case

BARE = MANIFEST + "\n[dependencies]\n"
ITOA = BARE + 'itoa = "1"\n'
RYU = ITOA + 'ryu = "1"\n'


def command(before: str, after: str, *argv: str, path: str = "Cargo.toml", code: int = 0):
    return (
        EventKind.DEPENDENCY_COMMAND,
        {
            "argv": list(argv),
            "cwd": ".",
            "exit_code": code,
            "before": {path: manifest_digest(before)},
            "after": {path: manifest_digest(after)},
        },
    )


ADD_ITOA = command(BARE, ITOA, "cargo", "add", "itoa")
ADD_RYU = command(ITOA, RYU, "cargo", "add", "ryu@1", "--quiet")
FAILED_ADD = command(ITOA, ITOA, "cargo", "add", "no-such-crate", code=101)

PASSES = [
    Case("nothing changed", base={"Cargo.toml": BARE}, head={"src/lib.rs": "// x\n"}),
    Case(
        "the manifest changed, but no dependency",
        base={"Cargo.toml": ITOA},
        head={"Cargo.toml": ITOA.replace('"1"', '{ version = "1" } # why').replace("0.1.0", "0.2.0")},
    ),
    Case(
        "two recorded commands",
        base={"Cargo.toml": BARE},
        head={"Cargo.toml": RYU},
        journal=[ADD_ITOA, FAILED_ADD, ADD_RYU],
        mentions=("recorded",),
    ),
    Case(
        "added and removed again",
        base={"Cargo.toml": BARE},
        head={"Cargo.toml": BARE + "# note\n"},
        journal=[ADD_ITOA, command(ITOA, BARE, "cargo", "remove", "itoa")],
    ),
    Case(
        "a new crate made by cargo",
        head={"crates/new/Cargo.toml": ITOA, "crates/new/src/lib.rs": ""},
        journal=[
            (
                EventKind.DEPENDENCY_COMMAND,
                {
                    "argv": ["cargo", "+stable", "new", "crates/new"],
                    "cwd": ".",
                    "exit_code": 0,
                    "before": {},
                    "after": {"crates/new/Cargo.toml": manifest_digest("")},
                },
            ),
            command(BARE, ITOA, "cargo", "add", "itoa", path="crates/new/Cargo.toml"),
        ],
    ),
    Case(
        "a manifest moved to another folder",
        base={"a/Cargo.toml": ITOA, "a/src/lib.rs": ""},
        head={"a/Cargo.toml": None, "b/Cargo.toml": ITOA, "b/src/lib.rs": ""},
    ),
    Case(
        "only the lock changed",
        base={"Cargo.toml": BARE, "Cargo.lock": "version = 4\n"},
        head={"Cargo.lock": "version = 4\n# x\n"},
        journal=[],
        findings=1,
        mentions=("the lock changed",),
    ),
]
FAILS = [
    Case(
        "no command is recorded",
        base={"Cargo.toml": BARE},
        head={"Cargo.toml": ITOA},
        journal=[],
        at=("Cargo.toml", 7),
        mentions=("`dependencies.itoa`", "no cargo command"),
    ),
    Case(
        "edited after the command",
        base={"Cargo.toml": BARE},
        head={"Cargo.toml": RYU},
        journal=[ADD_ITOA],
        findings=1,
        mentions=("`dependencies.ryu`", "after `cargo add itoa`"),
    ),
    Case(
        "edited between two commands",
        base={"Cargo.toml": BARE},
        head={"Cargo.toml": RYU + 'semver = "1"\n'},
        journal=[
            ADD_ITOA,
            command(ITOA + 'semver = "1"\n', RYU + 'semver = "1"\n', "cargo", "add", "ryu"),
        ],
        findings=1,
        mentions=("`dependencies.semver`", "before `cargo add ryu`"),
    ),
    Case(
        "the version that cargo wrote was edited",
        base={"Cargo.toml": BARE},
        head={"Cargo.toml": ITOA.replace('"1"', '"0.9"')},
        journal=[ADD_ITOA],
        mentions=("`dependencies.itoa`",),
    ),
    Case(
        "another program changed the dependencies",
        base={"Cargo.toml": BARE},
        head={"Cargo.toml": ITOA},
        journal=[command(BARE, ITOA, "sed", "-i", "s/x/y/", "Cargo.toml")],
        mentions=("by `sed",),
    ),
    Case(
        "a patch by hand",
        base={"Cargo.toml": BARE},
        head={"Cargo.toml": BARE + '\n[patch.crates-io]\nitoa = { path = "x" }\n'},
        journal=[],
        at=("Cargo.toml", 8),
    ),
]
UNKNOWN = [
    Case(
        "a person's change has no journal",
        base={"Cargo.toml": BARE},
        head={"Cargo.toml": ITOA},
        mentions=("no record", "dependencies.itoa"),
    ),
    Case(
        "the manifest is not valid TOML",
        base={"Cargo.toml": BARE},
        head={"Cargo.toml": "[package\n"},
        journal=[],
        mentions=("Cargo.toml:1", "TOML"),
    ),
]


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)
