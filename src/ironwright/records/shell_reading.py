"""Reads shell commands: what they run, and whether they would hide what cargo says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_EXPANSIONS = frozenset("$`\\\n\r\0")
_OPERATOR = frozenset("|&;<>()")
_GLOBS = frozenset("*?[]{}~!#")
_BUILDS = ("bench", "build", "b", "check", "c", "clippy", "fix", "fmt", "run", "r", "rustc", "test", "t")
JUDGING = frozenset((*_BUILDS, "doc", "d", "rustdoc", "llvm-cov", "miri", "mutants", "nextest"))
"""cargo's subcommands whose output is evidence of the work's state."""

_DEPENDENCY = {"add": True, "fetch": True, "remove": False, "rm": False}
"""cargo's subcommands that change or fetch dependencies, and whether they need the network."""

_UNSAFE_OPTIONS = ("--config", "-Z", "-C")
_PREFIXES = frozenset(
    (
        "time",
        "env",
        "nice",
        "command",
        "exec",
        "stdbuf",
        "nohup",
        "sudo",
        "!",
        "{",
        "then",
        "do",
        "else",
        "if",
        "while",
    )
)
_MOST_TEXTS = 50
"""Substitutions and texts of ``sh -c`` in one command; what has more is written to be unreadable."""

_MOST_STARTS = 8
_CLOSERS = frozenset(("}", "fi", "done", "esac"))
_SHELLS = frozenset(("sh", "bash", "dash", "zsh"))
_HERE = re.compile(r"(?<!<)<<(-?)\s*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([A-Za-z_]\w*))")
_ROUGH = re.compile(
    r"\bcargo\s+(?:\+\S+\s+)?(?:" + "|".join(sorted(map(re.escape, JUDGING))) + r")\b[^\n;]*?"
    r"(?:\|(?!\|)\s*(?!tee\b)|(?<!\d)>{1,2}(?!&)|&>|2>(?!&))"
)


@dataclass(frozen=True, slots=True)
class DependencyCommand:
    """One plain ``cargo add``, ``cargo remove`` or ``cargo fetch``.

    Attributes:
        argv: The command, to be run without a shell.
        network: Whether it may reach the network.
    """

    argv: tuple[str, ...]
    network: bool


def dependency_command(command: str) -> DependencyCommand | None:
    """The dependency command that a text is as a whole, or None.

    Only words and quoted words count: whatever a shell would expand, combine or redirect makes it an
    ordinary command, and so does an option that lets cargo start other programs.
    """
    if any(char in _EXPANSIONS for char in command.strip()):
        return None
    try:
        argv = tuple(_lex(command.strip()))
    except ValueError:
        return None
    if len(argv) < 2 or argv[0] != "cargo" or argv[1] not in _DEPENDENCY:
        return None
    if any(set(word) & _OPERATOR and _is_operator(word) for word in argv):
        return None
    if set(_unquoted(command)) & _GLOBS:
        return None
    if any(word == option or word.startswith(f"{option}=") for word in argv for option in _UNSAFE_OPTIONS):
        return None
    if any(word.startswith(("-Z", "-C")) for word in argv):
        return None
    return DependencyCommand(argv, _DEPENDENCY[argv[1]])


@dataclass(frozen=True, slots=True)
class SimpleCommand:
    """One program that a command starts.

    Attributes:
        words: The program and its arguments; no assignments, wrappers (``env``, ``timeout``) or redirections.
        follows: The operator behind it (``&&``, ``|``, ``;`` …); empty for the last.
        nested: Whether it stands in a substitution or in the text of ``sh -c``.
    """

    words: tuple[str, ...]
    follows: str
    nested: bool = False


def simple_commands(command: str) -> tuple[SimpleCommand, ...] | None:
    """Every program that a command starts, in order; None where the command cannot be read.

    Programs that others start for it (``sh -c``, ``eval``, ``xargs``, ``find -exec``) are read too; what a
    script or a variable holds is not seen.
    """
    found: list[SimpleCommand] = []
    texts = [(command, True)]
    for number, (text, whole) in enumerate(texts):
        try:
            tokens = _lex(text)
        except ValueError:
            if whole:
                return None
            continue
        for words, after in _simple_commands(text, tokens):
            follows = after[0] if len(after) > 1 else ""
            plain = tuple(_without_redirections(words))
            if not plain or plain[0] in _CLOSERS:
                continue
            found.append(SimpleCommand(plain, follows, number > 0))
            found += [SimpleCommand(inner, "", True) for inner in _started_by(plain)]
            if plain[0].rsplit("/", 1)[-1] in _SHELLS and "-c" in plain[:-1]:
                texts.append((plain[plain.index("-c") + 1], whole))
            if plain[0] == "eval":
                texts.append((re.sub(r"^(?:eval\s+)+", "", " ".join(plain)), whole))
        if whole:  # the substitutions of a text are found with those inside of them
            texts += [(inner, False) for inner in _substitutions(_without_here_documents(text))]
        if len(texts) > _MOST_TEXTS:
            return None
    return tuple(found)


def _started_by(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The commands that ``xargs`` and ``find -exec`` start, as far as their words say."""
    program = words[0].rsplit("/", 1)[-1]
    if program == "find":
        starts = [
            n + 1 for n, word in enumerate(words[:-1]) if word in ("-exec", "-execdir", "-ok", "-okdir")
        ]
        yield from (words[start:] for start in starts)
    elif program == "xargs":
        # Any of its words may be where the command begins: options of xargs may take a value.
        yield from (words[start:] for start in range(1, min(len(words), _MOST_STARTS)))


def _without_redirections(words: Sequence[str]) -> Iterator[str]:
    position = 0
    while position < len(words):
        word = words[position]
        if set(word) <= set("<>&") and ("<" in word or ">" in word):
            position += 2
            continue
        following = words[position + 1] if position + 1 < len(words) else ""
        if word.isdigit() and following and set(following) <= set("<>&"):
            position += 1  # the descriptor of a redirection
            continue
        yield word
        position += 1


def mentions_fetching(command: str) -> bool:
    """Whether a command that is no plain dependency command holds one that would need the network."""
    return any(
        words[:1] == ["cargo"] and len(words) > 1 and words[1] in ("add", "fetch")
        for words, _ in _simple_commands(command)
    )


def hidden_output(command: str) -> str | None:
    """Why a command would not show all that cargo says, or None when it shows it.

    A pipe into anything but ``tee``, a redirection of its output, ``--quiet``, a command substitution and
    ``|| true`` hide output or exit code of the subcommands that judge the work. Others (``cargo metadata``)
    may be filtered.
    """
    try:
        tokens = _lex(command)
    except ValueError:  # an unbalanced quote, usually inside a here-document
        if _ROUGH.search(command):
            return "its output would be cut or redirected"
        return None
    for words, after in _simple_commands(command, tokens):
        reason = _hides(words, after)
        if reason:
            return reason
    for inner in _substitutions(command):
        if any(_judges(words) for words, _ in _simple_commands(inner)):
            return "its output would be captured in a substitution"
    return None


def _hides(words: list[str], after: list[str]) -> str | None:
    if words and words[0].rsplit("/", 1)[-1] in _SHELLS and "-c" in words[:-1]:
        return hidden_output(words[words.index("-c") + 1])
    if not _judges(words):
        return None
    if _redirects(words):
        return "its output would be redirected"
    own = words[: words.index("--")] if "--" in words else words
    if any(word == "--quiet" or re.fullmatch(r"-[a-z]*q[a-z]*", word) for word in own[2:]):
        return "--quiet hides most of its output"
    after = _behind_group(after)
    if after[:1] in (["|"], ["|&"]) and after[1:2] != ["tee"]:
        return f"its output would only reach `{after[1] if len(after) > 1 else 'a pipe'}`"
    if after[:1] == ["||"] and after[1:2] in (["true"], [":"]):
        return "its exit code would be hidden"
    return None


def _behind_group(after: list[str]) -> list[str]:
    """The tokens behind the end of the group that a command is the last of: ``(cargo test) | tail``."""
    position = 0
    while position < len(after):
        if after[position] == ")":
            position += 1
        elif after[position] == ";" and after[position + 1 : position + 2] in (["}"], [")"]):
            position += 2
        else:
            break
    return after[position:]


def _judges(words: Sequence[str]) -> bool:
    plain = [word for word in words[1:] if not word.startswith("+")]
    return bool(words) and words[0].rsplit("/", 1)[-1] == "cargo" and bool(plain) and plain[0] in JUDGING


def _redirects(words: Sequence[str]) -> bool:
    """Whether a redirection of stdout or stderr to somewhere else than each other is among the words."""
    for position, word in enumerate(words):
        if set(word) <= set("<>&") and ">" in word:
            target = words[position + 1] if position + 1 < len(words) else ""
            if word.endswith(">&") and target.isdigit():
                continue  # 2>&1
            return True
    return False


def _simple_commands(command: str, tokens: list[str] | None = None) -> Iterator[tuple[list[str], list[str]]]:
    """Each simple command: its words (with redirections), and the tokens after it."""
    if tokens is None:
        try:
            tokens = _lex(command)
        except ValueError:
            return
    words: list[str] = []
    for position, token in enumerate([*tokens, ";"]):
        if _is_operator(token) and not ("<" in token or ">" in token):
            stripped = _without_prefix(words)
            if stripped:
                yield stripped, tokens[position:]
            words = []
        else:
            words.append(token)


def _without_prefix(words: list[str]) -> list[str]:
    """The words without assignments, ``time``, ``env X=y``, ``timeout 5`` and the like before the command."""
    position = 0
    while position < len(words):
        word = words[position]
        if re.match(r"[A-Za-z_]\w*=", word) or word in _PREFIXES or word.startswith("-"):
            position += 1
        elif word == "timeout":
            position += 1
            while position < len(words) and words[position].startswith("-"):
                position += 1
            position += 1
        else:
            break
    return words[position:]


def _lex(command: str) -> list[str]:
    """The words and operators of a command; a newline separates commands as ``;`` does.

    Raises:
        ValueError: A quote is not closed.
    """
    joined = re.sub(r"\\\n", " ", _without_here_documents(command))
    tokens: list[str] = []
    lexer = shlex.shlex(_newlines_as_semicolons(joined), posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split = True
    lexer.commenters = ""
    for token in lexer:
        tokens.append(token)
    return [piece for token in tokens for piece in _split_operator(token)]


def _without_here_documents(command: str) -> str:
    """The command without the bodies of its here-documents, but for those that a shell reads as commands."""
    if "<<" not in command:
        return command
    kept: list[str] = []
    waiting: list[tuple[str, bool, bool]] = []
    for line in command.split("\n"):
        if waiting:
            ending, indented, run = waiting[0]
            if (line.lstrip("\t") if indented else line) == ending:
                waiting.pop(0)
            elif run:
                kept.append(line)
            continue
        kept.append(line)
        reader = line.split("<<", 1)[0].split()
        run = bool(reader) and reader[-1].rsplit("/", 1)[-1] in (*_SHELLS, "-s")
        for found in _HERE.finditer(line):
            waiting.append((found[2] or found[3] or found[4], bool(found[1]), run))
    return "\n".join(kept)


def _split_operator(token: str) -> list[str]:
    """Operators that stand together (``;|``, ``)&&``) one by one."""
    if not token or not set(token) <= _OPERATOR:
        return [token]
    return re.findall(r"\|\||\|&|&&|&>>?|>>?&|<<<?|>>|;;|[|&;<>()]", token)


def _newlines_as_semicolons(command: str) -> str:
    quote = ""
    out: list[str] = []
    for char in command:
        if char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        out.append(" ; " if char == "\n" and not quote else char)
    return "".join(out)


def _is_operator(token: str) -> bool:
    return bool(token) and set(token) <= _OPERATOR


def _unquoted(command: str) -> str:
    """The command with what stands in quotes taken out."""
    return re.sub(r"'[^']*'|\"[^\"]*\"", "", command)


def _substitutions(command: str) -> Iterator[str]:
    """What stands in ``$(…)`` and in backticks, outermost first."""
    start = command.find("$(")
    for _ in range(_MOST_TEXTS):
        if start < 0:
            break
        depth, position = 1, start + 2
        while position < len(command) and depth:
            depth += {"(": 1, ")": -1}.get(command[position], 0)
            position += 1
        yield command[start + 2 : position - 1] if not depth else command[start + 2 :]
        start = command.find("$(", start + 2)
    yield from command.split("`")[1::2]
