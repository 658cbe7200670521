from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ironwright.gates.secret_rules import entropy, find_secrets
from ironwright.records.contract import Scope
from ironwright.testing.gate_testing import Case, run_gate

# Random characters in the published forms; nothing of it was ever issued. Put together here so that no
# scanner takes this file for a leak.
RANDOM = "q7Zr2LmXw9TbKv4NcYs8HdJf3GpAe6UiR5oM"
GITHUB = "ghp" + "_" + RANDOM
AWS = "AKIA" + "Q7ZR2LMXW9TBKV4N"
ANTHROPIC = "sk-" + "ant-api03-" + RANDOM
BODY = "MIIEowIBAAKCAQEAu5Zr2LmXw9TbKv4NcYs8HdJf3GpAe6UiR5oMq7Zr2LmXw9Tb"
KEY = f"-----BEGIN RSA PRIVATE {'KEY'}-----\n{BODY}\n{BODY[::-1]}\n-----END RSA PRIVATE {'KEY'}-----\n"


def lib(line: str) -> dict:
    return {"src/lib.rs": f"//! A crate.\n{line}\n"}


PASSES = [
    Case("no secrets", head=lib("pub fn f() {}"), findings=0),
    Case("from the environment", head=lib('fn f() { let api_key = std::env::var("API_KEY"); }'), findings=0),
    Case("a placeholder", head=lib('const TOKEN: &str = "your-token-here-0123456789";'), findings=0),
    Case("the example of the documentation", head=lib('const KEY: &str = "AKIAIOSFODNN7EXAMPLE";')),
    Case("a name that is no secret", head=lib('const TOKEN_HEADER: &str = "x-auth-token-v2-9f8e7d6c5b4a";')),
    Case("a template", head={"config.yml": "password: ${DB_PASSWORD_2024}\ntoken: {{ secrets.TOKEN }}\n"}),
    Case(
        "the head of a key in a parser",
        head=lib(f'const HEAD: &str = "-----BEGIN PRIVATE {"KEY"}-----";'),
        findings=0,
    ),
    Case("a local database", head={".env": "DATABASE_URL=postgres://app:Zk39xQ2p@localhost/app\n"}),
    Case("a checksum", head={"Cargo.lock": f'checksum = "{"9f8e7d6c" * 8}"\n'}),
    Case("an error's code", head=lib('const TOKEN: &str = "access_token_is_no_longer_valid";')),
    Case("a test's password", head={"tests/it.rs": 'const PASSWORD: &str = "Zk39xQ2pLw81";\n'}, findings=0),
    Case("a test's key is a remark", head={"tests/fixtures/key.pem": KEY}, findings=1),
    Case(
        "untouched lines",
        base=lib(f'const T: &str = "{GITHUB}";'),
        head=lib(f'const T: &str = "{GITHUB}";\n// more'),
    ),
    Case(
        "moved to another file is a remark",
        base={"src/a.rs": f'const T: &str = "{GITHUB}";\n'},
        head={"src/a.rs": None, "src/b.rs": f'const T: &str = "{GITHUB}";\n'},
        findings=1,
    ),
    Case("an ignored file", head={"docs/a.md": f"{GITHUB}\n"}, params={"ignore": ("docs/*",)}),
    Case("binary files", head={"logo.png": b"\x89PNG\0" + GITHUB.encode()}),
]
FAILS = [
    Case(
        "a token in pieces",
        head=lib(f'const T: &str = concat!("{GITHUB[:9]}", "{GITHUB[9:]}");'),
        at=("src/lib.rs", 2),
        mentions=("GitHub",),
    ),
    Case(
        "a GitHub token",
        head=lib(f'const T: &str = "{GITHUB}";'),
        at=("src/lib.rs", 2),
        mentions=("GitHub", "40 characters"),
    ),
    Case("an AWS key", head={"README.md": f"Use {AWS}.\n"}, mentions=("AWS",)),
    Case("an Anthropic key in CI", head={".github/workflows/ci.yml": f"env:\n  KEY: {ANTHROPIC}\n"}),
    Case("a private key", head={"keys/server.pem": KEY}, at=("keys/server.pem", 1)),
    Case("a private key in a string", head=lib('const K: &str = "' + KEY.replace("\n", "\\n") + '";')),
    Case("a random token", head=lib(f'let api_key = "{RANDOM}";'), mentions=("`api_key`",)),
    Case("a password", head=lib('const DB_PASSWORD: &str = "Zk39xQ2p!Lw81";')),
    Case("an environment file", head={".env": f"SECRET_KEY={RANDOM}\n"}, at=(".env", 1)),
    Case(
        "an address with a password",
        head={"config.toml": 'url = "postgres://app:Zk39xQ2pLw@db.prod.acme.io/app"\n'},
    ),
    Case("under scope all", base=lib(f'const T: &str = "{GITHUB}";'), head={"a.md": ""}, scope=Scope.ALL),
]
UNKNOWN = [
    Case("a key store", head={"certs/server.p12": b"\x30\x82"}, mentions=("key store",)),
    Case("a large file", head={"data.txt": b"a\n" * 2_600_000}, mentions=("bytes",)),
]  # fmt: skip


def test_verdict(gate_case, tmp_path):
    gate_case.verify(tmp_path)


def test_a_finding_never_shows_the_secret():
    verdict = run_gate("leaked_secrets", {}, lib(f'const T: &str = "{GITHUB}";'))
    assert GITHUB[:12] not in str(verdict.as_json())


@given(st.text(max_size=300))
def test_any_text_can_be_looked_at(text):
    lines = text.count("\n") + 1
    assert all(1 <= found.line <= lines for found in find_secrets("config.toml", text))


@given(st.text(min_size=1, max_size=64))
def test_entropy_lies_between_none_and_all_different(text):
    assert -1e-9 <= entropy(text) <= 6.0 + 1e-9
