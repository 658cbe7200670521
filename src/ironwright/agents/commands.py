"""Expands a slash command into the text that an agent is given."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ironwright.agents.source import file_within, read_bytes
from ironwright.records.definition import Command

_SHELL = r"!`(?P<shell>[^`\n]+)`"
_FILE = r"(?<![\w`@/.])@(?P<file>(?:\.{1,2}/|/|~/)?[\w.-]+(?:/[\w.-]+)*)"
_ARGUMENT = r"\$(?:(?P<all>ARGUMENTS)\b|(?P<one>[1-9])(?![\w]|[.,]\d))"
_CODE = r"(?P<code>^[ \t]*(?P<fence>`{3,}|~{3,})[^\n]*\n(?s:.*?)(?:^[ \t]*(?P=fence)[ \t]*$|\Z))"
_TOKEN = re.compile(f"{_CODE}|{_SHELL}|(?P<span>`[^`\n]*`)|{_FILE}|{_ARGUMENT}", re.MULTILINE)
_PLACEHOLDER = re.compile(_ARGUMENT)
_OUTPUT_LIMIT = 64 << 10
"""Characters of one command's output that are inserted; of more, the first and last half."""


@dataclass(frozen=True, slots=True)
class ShellOutput:
    """How a shell command of an expansion ended.

    Attributes:
        exit_code: 0 for success.
        stdout: What it printed.
        stderr: What it printed to stderr.
    """

    exit_code: int
    stdout: str
    stderr: str = ""


@dataclass(frozen=True, slots=True)
class Expanded:
    """A slash command, ready for an agent.

    Attributes:
        name: The command's name.
        text: The prompt with everything inserted.
        ran: Each shell command with its exit code, in order.
        files: The files that were inserted.
        missing: Files that were asked for and are not there, or lie outside the project.
    """

    name: str
    text: str
    ran: tuple[tuple[str, int], ...] = ()
    files: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


Runner = Callable[[str], ShellOutput]
FileReader = Callable[[str], str | None]


def expand_command(command: Command, arguments: str, runner: Runner, read_file: FileReader) -> Expanded:
    """Insert arguments, outputs of commands and files into a slash command's prompt.

    What is inserted is never expanded again: an argument or an output cannot run anything. Inside a shell
    command the placeholders become the shell's own parameters, so that no argument is read as shell text;
    an argument-less ``$1`` is empty. Code blocks only get their arguments, code spans also.
    A prompt without placeholder gets the arguments at its end.

    Args:
        command: The command.
        arguments: What the user wrote after the command's name.
        runner: Runs one shell command (``sh -c``) in the sandbox, in the project's root.
        read_file: Reads a file by its path relative to the project's root; None where there is none. It is
            never asked for a path that leaves the project by its words; links are its own matter
            (:func:`project_reader`).
    """
    words = _words(arguments)
    ran: list[tuple[str, int]] = []
    files: list[str] = []
    missing: list[str] = []
    used = False

    def arguments_into(text: str) -> str:
        nonlocal used

        def value(match: re.Match[str]) -> str:
            nonlocal used
            used = True
            return _argument(match, arguments, words)

        return _PLACEHOLDER.sub(value, text)

    def insert(match: re.Match[str]) -> str:
        nonlocal used
        if match["shell"]:
            used = used or bool(_PLACEHOLDER.search(match["shell"]))
            output = runner(_with_parameters(match["shell"], arguments, words))
            ran.append((match["shell"], output.exit_code))
            return _shown(output)
        if match["file"]:
            return _insert_file(match, read_file, files, missing)
        return arguments_into(match[0])

    text = _TOKEN.sub(insert, command.body)
    if arguments.strip() and not used:
        text = f"{text.rstrip()}\n\nARGUMENTS: {arguments.strip()}\n"
    return Expanded(command.name, text.strip(), tuple(ran), tuple(files), tuple(missing))


def project_reader(project_root: Path) -> FileReader:
    """A reader of the project's text files that follows no link out of it.

    It raises DefinitionError for a file that is larger than 1 MiB or cannot be read.
    """
    root = project_root.resolve()

    def read(name: str) -> str | None:
        path = file_within(root, root, name)
        if path is None:
            return None
        return read_bytes(path).decode("utf-8", "replace")

    return read


def _words(arguments: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(arguments))
    except ValueError:  # a lone quote is part of a word, as in "don't"
        return tuple(arguments.split())


def _argument(match: re.Match[str], arguments: str, words: tuple[str, ...]) -> str:
    if match["all"]:
        return arguments.strip()
    number = int(match["one"])
    return words[number - 1] if number <= len(words) else ""


def _with_parameters(shell: str, arguments: str, words: tuple[str, ...]) -> str:
    if not _PLACEHOLDER.search(shell):
        return shell
    parameters = " ".join(shlex.quote(word) for word in words)
    return f"ARGUMENTS={shlex.quote(arguments.strip())}; set -- {parameters}; {shell}"


def _shown(output: ShellOutput) -> str:
    text = _limited(output.stdout.rstrip("\n"))
    if output.exit_code == 0:
        return text
    parts = [text, f"[exit code {output.exit_code}]", _limited(output.stderr.rstrip("\n"))]
    return "\n".join(part for part in parts if part)


def _limited(text: str) -> str:
    if len(text) <= _OUTPUT_LIMIT:
        return text
    half = _OUTPUT_LIMIT // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters dropped here ...]\n{text[-half:]}"


def _insert_file(match: re.Match[str], read_file: FileReader, files: list[str], missing: list[str]) -> str:
    """The file's text below its name; what is no file (a mention, a missing path) stays as written."""
    written = match["file"]
    name = written.rstrip(".")
    tail = written[len(name) :]
    path = PurePosixPath(name)
    if not name.strip("./"):
        return match[0]
    if path.is_absolute() or name.startswith("~") or ".." in path.parts:
        missing.append(name)
        return f"@{name} [not read: it lies outside the project]{tail}"
    text = read_file(str(path))
    if text is None:
        if path.suffix or "/" in name:
            missing.append(name)
            return f"@{name} [there is no such file]{tail}"
        return match[0]  # a mention, such as the name of an agent
    files.append(str(path))
    return f"@{name}:\n{text.rstrip()}\n{tail}"
