"""Recognises secrets in text: private keys, tokens by their issuers' published forms, and assigned values."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret.

    Attributes:
        line: 1-based.
        kind: What it is, for people.
        value: The secret itself; never shown, only compared.
        known: Whether its form alone says what it is; else a name beside it does.
    """

    line: int
    kind: str
    value: str
    known: bool

    @property
    def shown(self) -> str:
        """As much of the value as may be shown: enough to find it, too little to use it."""
        return f"{self.value[:4]}… ({len(self.value)} characters)"


# Prefixes and lengths as their issuers document them, so that they can be found by scanners.
_TOKENS: Final = (
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b|\bgithub_pat_\w{40,255}\b"),
    ("a GitLab token", r"\bgl(?:pat|dt|rt|cbt|ptt|oas|soat)-[\w-]{20,}"),
    ("a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{20,}|\bxapp-\d-[A-Za-z0-9-]{20,}"),
    ("a Slack webhook", r"https://hooks\.slack\.com/services/T\w{8,}/B\w{8,}/\w{20,}"),
    ("a Stripe key", r"\b[sr]k_live_[A-Za-z0-9]{20,}"),
    ("a Google API key", r"\bAIza[\w-]{35}\b"),
    ("a Google client secret", r"\bGOCSPX-[\w-]{20,}"),
    ("an Anthropic key", r"\bsk-ant-[\w-]{24,}"),
    (
        "an OpenAI key",
        r"\bsk-(?:proj|svcacct|admin)-[\w-]{24,}|\bsk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}\b",
    ),
    ("a Hugging Face token", r"\bhf_[A-Za-z]{34}\b"),
    ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a PyPI token", r"\bpypi-AgE[\w-]{50,}"),
    ("a crates.io token", r"\bcio[A-Za-z0-9]{32}\b"),
    ("a SendGrid key", r"\bSG\.[\w-]{20,24}\.[\w-]{39,50}"),
    ("a DigitalOcean token", r"\bdo[opr]_v1_[a-f0-9]{64}\b"),
    ("a Databricks token", r"\bdapi[a-f0-9]{32}\b"),
    ("a Vault token", r"\bhv[sb]\.[\w-]{24,}"),
    ("a Shopify token", r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b"),
    ("an age key", r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b"),
    ("a Telegram token", r"\b\d{8,10}:AA[\w-]{33}\b"),
    ("an Azure storage key", r"\bAccountKey=[A-Za-z0-9+/]{86}=="),
    ("a signed web token", r"\beyJ[\w-]{15,}\.eyJ[\w-]{15,}\.[\w-]{20,}"),
)
_KNOWN: Final = tuple((kind, re.compile(pattern)) for kind, pattern in _TOKENS)
_KEY_HEAD: Final = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY: Final = re.compile(r"[A-Za-z0-9+/=]{40,}")
_URL: Final = re.compile(
    r"\b[a-z][a-z0-9+.-]*://(?P<user>[^\s:@/'\"`{}<>$]*):(?P<secret>[^\s@/'\"`]+)@(?P<host>[\w.-]+)"
)
_NAME: Final = (
    r"(?P<name>[\w.-]*(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|"
    r"private[_-]?key|signing[_-]?key|encryption[_-]?key|credentials?|auth[_-]?key)[\w.-]*)"
)
_ASSIGNED: Final = re.compile(
    _NAME + r"""["']?\]?\s*(?::\s*&?(?:'static\s+)?(?:str|String|\[u8\])\s*)?(?:=>|:=|=|:|,)\s*"""
    r"""(?:Some\(|b|String::from\(|&)*(?P<quote>["'`])(?P<value>[^"'`\n]{8,})(?P=quote)""",
    re.IGNORECASE,
)
_PLAIN: Final = re.compile(
    rf"^\s*(?:export\s+)?{_NAME}\s*[:=]\s*(?P<value>[^\s\"'#]{{8,}})\s*$", re.IGNORECASE
)
_NO_SECRET_NAME: Final = re.compile(
    r"public|hash|digest|checksum|_(?:id|url|uri|path|file|name|type|kind|field|header|env|var|len|size|count|"
    r"prefix|regex|pattern|label|prompt|hint|placeholder|ttl|expiry)s?$|tokeniz|^tokens$",
    re.IGNORECASE,
)
_PLACEHOLDER: Final = re.compile(
    r"example|sample|dummy|placeholder|change.?me|your|x{4,}|\*{3,}|\.{3}|…|fake|mock|todo|redacted|replace|insert|"
    r"not.?a.?real|<[^>]*>|\$\{|\$\(|\{\{|\{\w*\}|%[sd(]|env[.:(]|secrets\.|vault:|0000|1111|1234|abcd|deadbeef|foobar|"
    r"lorem|test|hunter2|s3cr3t|correct.?horse|(.)\1{5,}",
    re.IGNORECASE,
)
# What some secret has in any case: lines without it are not looked at any further.
_HINT: Final = re.compile(
    r"passw|passphrase|pwd|secret|token|key|credential|-----BEGIN|://|AKIA|ASIA|gh[pousr]_|github_pat_|gl[a-z]{2,4}-|"
    r"xox|xapp-|k_live_|AIza|GOCSPX|sk-|hf_|npm_|pypi-|cio|SG\.|_v1_|dapi|hv[sb]\.|shp|AGE-|:AA|eyJ",
    re.IGNORECASE,
)
# Pieces of a text that the code joins: what no scanner finds in them it finds in the whole.
_JOINS: Final = re.compile(r"\bconcat!\s*\(|\.\s*concat\s*\(\s*\)|\.\s*join\s*\(\s*\"\"|\"\s*\+\s*&?\"")
_JOINT: Final = re.compile(r"(?<!\\)\"\s*(?:,|\+)\s*&?\"")
_SETTINGS: Final = re.compile(
    r"(?:^|/)(?:\.env(?:\.\w+)?|\.npmrc|\.netrc|credentials(?:\.toml)?|[^/]+\.(?:toml|ya?ml|ini|cfg|conf|properties|env))$"
)
_LOCAL: Final = re.compile(
    r"^(?:localhost|127\.[\d.]+|0\.0\.0\.0|db|database|postgres|mysql|redis|mongo|rabbitmq|host(?:name)?|server)$"
    r"|\.(?:local|test|invalid|example(?:\.\w+)?)$|example\.",
    re.IGNORECASE,
)
_WEAK_PASSWORDS: Final = frozenset(
    {"password", "passwd", "secret", "postgres", "root", "admin", "pass", "pw", "guest"}
)


def find_secrets(path: str, text: str, only: frozenset[int] | None = None) -> Iterator[Secret]:
    """The secrets of a file, in order of the lines; each place once.

    Args:
        path: The file, for what its kind says about how values are written.
        text: Its content.
        only: The 1-based lines to look at; None for all.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if only is not None and number not in only:
            continue
        line = _joined(line)
        if not _HINT.search(line):
            continue
        if _KEY_HEAD.search(line) and (body := _key_body(lines, number)):
            yield Secret(number, "a private key", body, True)
            continue
        found = next(_known(number, line), None) or _in_url(number, line) or _assigned(path, number, line)
        if found is not None:
            yield found


def _joined(line: str) -> str:
    """A line in which texts that the code puts together stand together."""
    return _JOINT.sub("", line) if _JOINS.search(line) else line


def entropy(text: str) -> float:
    """Shannon's entropy of a text's characters, in bits a character; 0 for an empty one."""
    if not text:
        return 0.0
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def _key_body(lines: list[str], number: int) -> str:
    """The first of a private key's own characters behind its head; a head alone is a constant of a parser."""
    behind = _KEY_HEAD.split(lines[number - 1], maxsplit=1)[1].replace("\\n", "\n")
    for part in (*behind.split("\n"), *lines[number : number + 12]):
        if "-----END" in part and not _KEY_BODY.search(part):
            return ""
        if (found := _KEY_BODY.search(part)) and not _is_placeholder(found[0]):
            return found[0]
    return ""


def _known(number: int, line: str) -> Iterator[Secret]:
    for kind, pattern in _KNOWN:
        for found in pattern.finditer(line):
            if not _is_placeholder(found[0]) and entropy(found[0]) >= 2.8:
                yield Secret(number, kind, found[0], True)


def _in_url(number: int, line: str) -> Secret | None:
    for found in _URL.finditer(line):
        value = found["secret"]
        if _is_placeholder(value) or _LOCAL.search(found["host"]) or value.lower() in _WEAK_PASSWORDS:
            continue
        if (
            value.startswith(("$", "{", "%", "<", ":"))
            or len(value) < 6
            or value.isdigit()
            or value == found["user"]
        ):
            continue
        return Secret(number, "a password in an address", value, False)
    return None


def _assigned(path: str, number: int, line: str) -> Secret | None:
    candidates = list(_ASSIGNED.finditer(line))
    if _SETTINGS.search(path) and (plain := _PLAIN.match(line)):
        candidates.append(plain)
    for found in candidates:
        if not _NO_SECRET_NAME.search(found["name"]) and _is_random(found["name"], found["value"]):
            return Secret(number, f"the value of `{found['name']}`", found["value"], False)
    return None


def _is_random(name: str, value: str) -> bool:
    """Whether a value looks made by a machine, or chosen as a password."""
    if _is_placeholder(value) or re.search(r"\s|^(?:https?:|/|\./|~/)|::|\(\)", value):
        return False
    classes = sum(bool(re.search(kind, value)) for kind in (r"[a-z]", r"[A-Z]", r"\d", r"[^\w]"))
    digits = sum(character.isdigit() for character in value)
    if re.search(r"passw|pwd|passphrase|secret", name, re.IGNORECASE) and len(value) >= 8 and classes >= 3:
        return entropy(value) >= 2.75
    if re.fullmatch(r"(?:0x)?[0-9a-fA-F]{32,}", value):
        return entropy(value) >= 3.0
    return len(value) >= 16 and digits >= 2 and classes >= 2 and entropy(value) >= 3.5


def _is_placeholder(value: str) -> bool:
    return _PLACEHOLDER.search(value) is not None
