"""What an agent is told besides its own definition: where it works, what is demanded, how to finish."""

from __future__ import annotations

from ironwright.host.sandbox import inner_path
from ironwright.session.attempt import AttemptSpec

_PLACE = """\
You work in the git worktree {place}. Commands run in a sandbox without network and start there; nothing \
that you start survives its command. To change dependencies run `cargo add` or `cargo remove` as one plain \
command (`cargo add` and `cargo fetch` reach the network); do not edit dependency tables. Run cargo \
unfiltered: no pipes, no redirections, no --quiet."""

_CHECKED = """\
Your work is accepted only when these gates pass, checked by tools on a clean checkout:
{gates}"""

_CHECK = "Call `check` when you think that you are done; it runs the gates and says what they find. "

_END = """\
{check}When something is ambiguous and matters, use `ask`. Finish with a short factual summary: what you \
changed, what deviates from what was asked, what you did not do. Do not claim what you have not run."""


def instructions(spec: AttemptSpec) -> str:
    """The system prompt: the definition with its includes, the project's instructions, and the brief."""
    parts = [spec.agent.body.strip()]
    parts += [f"# {item.name}\n\n{item.text.strip()}" for item in spec.agent.includes]
    parts += [f"# Instructions of this project: {name}\n\n{text.strip()}" for name, text in spec.instructions]
    parts.append(brief(spec))
    return "\n\n".join(part for part in parts if part)


def brief(spec: AttemptSpec) -> str:
    """What we add to the definition."""
    place = inner_path(spec.workplace.sandbox, spec.workplace.mounts, spec.workplace.worktree)
    parts = ["# This task", _PLACE.format(place=place)]
    if spec.gates:
        parts.append(_CHECKED.format(gates="\n".join(f"- {line}" for line in spec.gates)))
    parts.append(_END.format(check=_CHECK if spec.check else ""))
    return "\n\n".join(parts)


def prompt(spec: AttemptSpec) -> str | None:
    """The user's turn: task, lessons of earlier attempts, findings; None where there is nothing to say."""
    parts = [spec.task.strip(), spec.lessons.strip()]
    if spec.findings.strip():
        parts.append(f"The gates do not pass yet:\n\n{spec.findings.strip()}\n\nRepair this.")
    text = "\n\n".join(part for part in parts if part)
    return text or None
