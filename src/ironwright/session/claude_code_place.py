"""Where Claude Code works from: a folder of its own for settings and conversation, and its environment."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from ironwright.host.leash import leashed
from ironwright.host.tools import require_tool
from ironwright.records.errors import ModelError, RunError, StorageError, ToolError
from ironwright.records.report import Usage
from ironwright.session.attempt import AttemptSpec, Question

ENGINE = "claude-code"
PROVIDER = "anthropic"
EXTRA = "ironwright[claude-code]"

OLDEST = (2, 1, 248)
"""The first Claude Code that can be told not to expand ``@path`` in prompts: findings are no user's words."""

# What the program may know of our environment; keys of other providers and settings of the user's are not
# among it.
_KEPT = (
    "PATH",
    "HOME",
    "PWD",
    "LANG",
    "LC_*",
    "TZ",
    "TMPDIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "ANTHROPIC_BASE_URL",
    "CLAUDE_CODE_MAX_RETRIES",
    "CLAUDE_CODE_ENTRYPOINT",
    "CLAUDE_CODE_SDK_READS_SESSION_STATE",
    "CLAUDE_AGENT_SDK_VERSION",
)
_CREDENTIALS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
_LONGEST_TOOL_MS = 24 * 3600 * 1000  # the gates take as long as they take; our own limits end a command
_MOST_RESULT_TOKENS = 200_000  # results are shortened by us


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation with Claude Code that can be gone on with.

    Attributes:
        session: Its id, a UUID.
        transcript: Claude Code's own record of it, JSON lines; empty for one that has not begun.
        questions: What the agent wanted to know when it ended.
        usage: What it used so far.
    """

    session: str
    transcript: str = ""
    questions: tuple[Question, ...] = ()
    usage: Usage = field(default_factory=Usage)

    def as_bytes(self) -> bytes:
        """The conversation for :attr:`~ironwright.session.attempt.AttemptSpec.history`."""
        asked = [question.as_json() for question in self.questions]
        data = {
            "engine": ENGINE,
            "session": self.session,
            "transcript": self.transcript,
            "questions": asked,
            "usage": self.usage.as_json(),
        }
        return json.dumps(data, ensure_ascii=False).encode()


def conversation_of(history: bytes | None, key: str) -> Conversation:
    """The conversation that an attempt goes on with; a new one where there is none.

    Raises:
        RunError: It cannot be read.
    """
    if not history:
        return Conversation(str(uuid4()))
    try:
        data = json.loads(history)
        if data["engine"] != ENGINE:
            raise ValueError(data["engine"])
        asked = tuple(Question(**item) for item in data["questions"])
        usage = Usage.from_json(data["usage"])
        return Conversation(str(data["session"]), str(data["transcript"]), asked, usage)
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(
            "the earlier conversation cannot be read", where=key, advice="Start a new run."
        ) from error


class Place:
    """The folder of one attempt, in the run's own folder; what is not removed is found by the next try.

    Args:
        spec: The attempt.
    """

    def __init__(self, spec: AttemptSpec) -> None:
        name = spec.key.replace("/", "_").replace(":", "_")
        self.folder = spec.journal.path.parent / ENGINE / name
        self.working = self.folder / "cwd"
        self.settings = self.folder / "settings"
        self.instructions = self.folder / "instructions.md"

    def prepare(self, instructions: str) -> None:
        """Make the folder where it is missing.

        Raises:
            StorageError: It cannot be written.
        """
        try:
            for folder in (self.folder, self.working, self.settings):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # A file, because a definition with all that it includes can be too long for a command line.
            self.instructions.write_text(instructions, encoding="utf-8")
        except OSError as error:
            raise self._unwritable(error) from error

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)  # what stays goes with the run's folder
        with contextlib.suppress(OSError):  # other attempts have theirs beside it
            self.folder.parent.rmdir()

    def left_behind(self) -> tuple[str, str] | None:
        """Id and transcript of what a try said that was cut off; None where nothing was answered."""
        for path in sorted(self.settings.glob("projects/*/*.jsonl")):
            text = path.read_text(encoding="utf-8", errors="replace")
            whole = text[: text.rfind("\n") + 1]
            if any(_kind(line) == "assistant" for line in whole.splitlines()):
                return path.stem, whole
        return None

    def put(self, conversation: Conversation) -> None:
        """Lay a conversation where Claude Code looks for it, in place of any other.

        Raises:
            StorageError: It cannot be written.
        """
        try:
            shutil.rmtree(self.settings / "projects", ignore_errors=True)
            if conversation.transcript:
                path = self._transcript(conversation.session)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(conversation.transcript, encoding="utf-8")
        except OSError as error:
            raise self._unwritable(error) from error

    def transcript(self, session: str) -> str:
        """What Claude Code wrote down of a conversation; empty where there is nothing."""
        try:
            return self._transcript(session).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def start_script(self, program: Path, environ: Mapping[str, str]) -> Path:
        """What starts Claude Code so that it ends with us, and knows of our environment what it needs.

        Raises:
            ModelError: There is no key.
            StorageError: It cannot be written.
        """
        keep = (*_KEPT, *self.environment(""), credential(environ))
        try:
            return leashed(program, self.folder, keep)
        except OSError as error:
            raise self._unwritable(error) from error

    def environment(self, model: str) -> dict[str, str]:
        """What is set for Claude Code: nothing of the user's settings, one model, and no talk besides.

        Args:
            model: The id to ask for, whatever is asked for by size.
        """
        return {
            "HOME": str(self.settings),
            "CLAUDE_CONFIG_DIR": str(self.settings),
            "ANTHROPIC_DEFAULT_HAIKU_MODEL": model,
            "ANTHROPIC_DEFAULT_SONNET_MODEL": model,
            "ANTHROPIC_DEFAULT_OPUS_MODEL": model,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
            "ENABLE_TOOL_SEARCH": "false",  # our few tools are shown from the beginning
            "MCP_TOOL_TIMEOUT": str(_LONGEST_TOOL_MS),
            "MAX_MCP_OUTPUT_TOKENS": str(_MOST_RESULT_TOKENS),
        }

    def _transcript(self, session: str) -> Path:
        from claude_agent_sdk import project_key_for_directory

        project = str(project_key_for_directory(self.working))
        return self.settings / "projects" / project / f"{session}.jsonl"

    def _unwritable(self, error: OSError) -> StorageError:
        return StorageError(
            f"Claude Code's folder cannot be written ({error.strerror})", where=str(self.folder)
        )


def credential(environ: Mapping[str, str]) -> str:
    """The variable whose key is used, the one that the model was found by.

    Raises:
        ModelError: None is set.
    """
    name = next((name for name in _CREDENTIALS if environ.get(name)), None)
    if name is None:
        raise ModelError(
            f"Claude Code needs {_CREDENTIALS[0]}, and it is not set", advice="Set it, then resume the run."
        )
    return name


def require_claude_code(label: str) -> None:
    """Refuse what this engine cannot work with; nothing is started.

    Args:
        label: The model, ``provider:id``.

    Raises:
        ToolError: The library or the program is missing.
        ModelError: The model is not one that Claude Code can ask.
    """
    program()
    model_id(label)


def program() -> Path:
    """Claude Code itself: the one that came with the library, else the one in PATH.

    Raises:
        ToolError: The library or the program is missing.
    """
    return require_tool("claude")


def require_version(version: str) -> None:
    """Refuse a Claude Code that is too old to be told what is a user's word.

    Raises:
        ToolError: It is.
    """
    found = re.match(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})", version)
    if found is None or tuple(map(int, found.groups())) < OLDEST:
        raise ToolError(
            f"Claude Code {version or 'of an unknown version'} is too old: {_dotted(OLDEST)} is needed",
            where=str(program()),
            advice=f"Update it: `pip install -U '{EXTRA}'`, or `npm install -g @anthropic-ai/claude-code`.",
        )


def model_id(label: str) -> str:
    """The id that Claude Code asks for.

    Raises:
        ModelError: The model is another provider's.
    """
    provider, _, name = label.partition(":")
    if provider != PROVIDER:
        raise ModelError(
            f"the engine claude-code asks Anthropic's models, and {label} is not one",
            advice="Set ANTHROPIC_API_KEY and --model to a Claude model, or use --engine native.",
        )
    return name


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _kind(line: str) -> str:
    try:
        entry = json.loads(line)
    except ValueError:
        return ""
    return str(entry.get("type", "")) if isinstance(entry, dict) else ""
