"""Why a cargo command failed when no compiler message says it: whose fault it is, where, and what to do."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from enum import StrEnum

from ironwright.host.cargo_messages import Locate, Messages
from ironwright.host.process import Completed

_LINES_SHOWN = 12

_PROGRESS = re.compile(
    r"^\s*(Compiling|Checking|Documenting|Finished|Updating|Downloading|Downloaded|Locking|Adding|Blocking|"
    r"Fresh|Dirty|Running|Doc-tests|Generated|Scraping|Removing|Formatting|Building)\b.*$",
    re.MULTILINE,
)
_BUILD_SCRIPT = re.compile(r"failed to run custom build command for `([^` ]+) v[^`( ]*(?: \(([^)`]+)\))?`")
_REQUIRED_BY = re.compile(r"(?:required by package|depended on by) `[^`(]*\(([^)`]+)\)`")
_PLACE = re.compile(r"^\s*--> ([^\n]+?):(\d+):\d+\s*$", re.MULTILINE)
_MANIFEST = re.compile(
    r"(?:failed to (?:parse|read|load) (?:manifest (?:for workspace member |at )?)?|manifest path )`([^`]+)`"
)
_MISSING_MANIFEST = re.compile(r"failed to read `([^`]+/Cargo\.toml)`\s+Caused by:\s+No such file")
_ANCIENT = re.compile(
    r"requires? rustc [\d.]+|requires? the Cargo feature|is not supported by the following package"
)
_RESOLUTION = re.compile(
    r"no matching package|failed to select a version|no matching version|"
    r"package ID specification .* did not match"
)
_NETWORK = re.compile(
    r"failed to download|failed to get `|unable to update|unable to get packages|could not resolve host|"
    r"couldn't resolve host|network failure|spurious network|can't checkout from|--offline was specified|"
    r"failed to query replaced source|download of .* failed|failed to fetch|"
    r"\[\d+\] (?:could not|couldn't|timeout)|"
    r"perhaps the crate's version was not downloaded|you're using offline mode",
    re.IGNORECASE,
)
_LIBRARY_MISSING = re.compile(
    r"unable to find library -l(\S+)|cannot find -l(\S+?):?(?:\s|$)|library not found for -l(\S+)"
)


class Blame(StrEnum):
    """Whose fault a failure is: the checkout's, or that of the machine that it was tried on."""

    PROJECT = "project"
    SURROUNDINGS = "surroundings"


@dataclass(frozen=True, slots=True)
class Problem:
    """A failure of a cargo command.

    Attributes:
        blame: Whose fault it is. Where that cannot be told it is the surroundings': nobody is accused.
        message: What went wrong, the first line fit for a finding.
        path: The file it is about, relative to the repository's root, or None.
        line: The line in it, or None.
        advice: What to do; may be empty.
    """

    blame: Blame
    message: str
    path: str | None = None
    line: int | None = None
    advice: str = ""


_FMT_HELP = "\nThis utility formats all bin and lib files"


def diagnose(
    done: Completed, messages: Messages, locate: Locate, *, cwd: str, network: bool = False
) -> Problem | None:
    """Say why a cargo command failed; None where it did not, or where compiler errors say it.

    Args:
        done: The command.
        messages: What it said as JSON.
        locate: Where files lie.
        cwd: Where it ran; cargo writes some paths relative to it.
        network: Whether it could have reached the network.
    """
    name = " ".join(done.argv[:2])
    if done.stopped:
        return Problem(Blame.SURROUNDINGS, f"{name} was interrupted")
    if done.limit_hit:
        return Problem(
            Blame.SURROUNDINGS,
            f"{name} was ended: {done.limit_hit}",
            advice="The limits are set under [sandbox] in ironwright.toml.",
        )
    if done.timed_out:
        return Problem(
            Blame.SURROUNDINGS,
            f"{name} did not end within {done.seconds:.0f} s",
            advice="Raise sandbox.seconds in ironwright.toml if it needs longer.",
        )
    if messages.conflicts:
        return Problem(
            Blame.SURROUNDINGS,
            f"two different executables were reported for {messages.conflicts[0]}",
            advice="Something in the build prints messages in cargo's name; look at its macros.",
        )
    if done.exit_code == 0:
        return None
    text = essential_text(done)
    machine = _machine(text) or _missing_library(messages)
    if machine:
        return machine
    if messages.errors:
        return None
    return (
        _build_script(text, locate)
        or _missing_folder(text, locate)
        or _dependencies(text, locate, network)
        or _manifest(text, locate, cwd)
        or Problem(
            Blame.SURROUNDINGS,
            f"{name} failed with exit code {done.exit_code}: {_headline(text)}",
            advice=f"What it said: {text}" if "\n" in text else "",
        )
    )


def essential_text(done: Completed) -> str:
    """What a cargo command said on stderr without its progress lines, at most its last dozen lines."""
    # `cargo fmt` answers a manifest that it cannot read with the error first, then all of its help.
    said = _PROGRESS.sub("", done.error_text).partition(_FMT_HELP)[0]
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    start = next((number for number, line in enumerate(lines) if line.startswith("error")), 0)
    chosen = lines[start : start + _LINES_SHOWN] if start else lines[-_LINES_SHOWN:]
    return "\n".join(chosen)


def _headline(text: str) -> str:
    line = next((line for line in text.splitlines() if line.startswith("error")), text.partition("\n")[0])
    return re.sub(r"^error(\[\w+\])?: ", "", line).strip() or "it said nothing"


def _machine(text: str) -> Problem | None:
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return Problem(Blame.SURROUNDINGS, "the disk is full", advice="Free some space and check again.")
    if "signal: 9, SIGKILL" in text:
        return Problem(
            Blame.SURROUNDINGS,
            "the compiler was killed, most likely because it needed more memory than it may use",
            advice="Raise sandbox.memory_mb in ironwright.toml.",
        )
    if _ANCIENT.search(text):
        wanted = re.search(r"^\s*(\S+ requires rustc .*)$", text, re.MULTILINE)
        return Problem(
            Blame.SURROUNDINGS,
            f"this Rust cannot build it: {wanted[1] if wanted else _headline(text)}",
            advice="Install the Rust version that the crate asks for.",
        )
    return None


def _missing_library(messages: Messages) -> Problem | None:
    for error in messages.errors:
        found = _LIBRARY_MISSING.search("\n".join((error.message, *error.notes)))
        if found:
            name = next(part for part in found.groups() if part)
            return Problem(
                Blame.SURROUNDINGS,
                f"the system library {name} is not installed here, so nothing could be linked",
                advice=f"Install the development package of lib{name}.",
            )
    return None


def _build_script(text: str, locate: Locate) -> Problem | None:
    found = _BUILD_SCRIPT.search(text)
    if not found:
        return None
    name, place = found[1], found[2]
    folder = locate(place.removeprefix("file://")) if place else None
    said = next(
        (
            line.strip()
            for line in reversed(text.splitlines())
            if line.strip() and not line.strip().startswith("note:")
        ),
        "",
    )
    if folder is None:
        return Problem(
            Blame.SURROUNDINGS,
            f"the dependency {name} could not be built here: {said}",
            advice="Install what its build script asks for (often a system library).",
        )
    return Problem(Blame.PROJECT, f"the build script of {name} failed: {said}", _in(folder, "build.rs"))


def _missing_folder(text: str, locate: Locate) -> Problem | None:
    """A ``path`` dependency or member that is not there."""
    found = _MISSING_MANIFEST.search(text)
    if not found:
        return None
    required = _REQUIRED_BY.search(text) or re.search(r"dependency of package `[^`(]*\(([^)`]+)\)`", text)
    folder = (locate(required[1]) if required else None) or "."
    missing = locate(found[1])
    if missing is None:
        return Problem(
            Blame.SURROUNDINGS,
            f"a dependency lies outside the repository ({found[1].rpartition('/')[0]}, seen from /w/repo)",
            _in(folder, "Cargo.toml"),
            advice="What is outside the repository cannot be judged with it.",
        )
    return Problem(
        Blame.PROJECT, f"there is no {missing}, which the manifest names", _in(folder, "Cargo.toml")
    )


def _dependencies(text: str, locate: Locate, network: bool) -> Problem | None:
    offline = _NETWORK.search(text)
    if _RESOLUTION.search(text) and network and not re.search(r"offline mode", text):
        required = _REQUIRED_BY.search(text)
        folder = locate(required[1]) if required else None
        return Problem(
            Blame.PROJECT,
            f"a dependency does not exist: {_headline(text)}",
            _in(folder, "Cargo.toml") if folder else "Cargo.toml",
        )
    if offline or _RESOLUTION.search(text):
        return Problem(
            Blame.SURROUNDINGS,
            f"the dependencies are not all here: {_headline(text)}",
            advice="Run `cargo fetch` in the repository where there is a network, then check again.",
        )
    return None


def _manifest(text: str, locate: Locate, cwd: str) -> Problem | None:
    def found_at(path: str) -> str | None:
        return locate(posixpath.normpath(posixpath.join(cwd, path)))

    place = _PLACE.search(text)
    if place and (path := found_at(place[1])):
        return Problem(Blame.PROJECT, f"the manifest is refused: {_headline(text)}", path, int(place[2]))
    named = _MANIFEST.search(text)
    if named and (path := found_at(named[1])) is not None:
        manifest = path if path.endswith(".toml") else _in(path, "Cargo.toml")
        causes = [
            line.strip()
            for line in text.splitlines()
            if line.startswith("  ") and line.strip() != "Caused by:"
        ]
        detail = causes[-1] if causes else _headline(text)
        return Problem(Blame.PROJECT, f"the manifest is refused: {detail}", manifest)
    return None


def _in(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"
