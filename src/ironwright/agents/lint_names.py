"""The names that definitions may use without defining them: tools, models, built-in commands."""

from __future__ import annotations

import re

KNOWN_TOOLS = frozenset(
    (
        # Claude Code
        *("agent", "askuserquestion", "bash", "bashoutput", "croncreate", "crondelete", "cronlist", "edit"),
        *("enterplanmode", "enterworktree", "exitplanmode", "exitworktree", "glob", "grep", "killbash"),
        *("killshell", "listmcpresourcestool", "ls", "lsp", "monitor", "multiedit", "notebookedit"),
        *(
            "notebookread",
            "powershell",
            "read",
            "readmcpresourcetool",
            "sendmessage",
            "skill",
            "slashcommand",
        ),
        *("task", "taskcreate", "taskget", "tasklist", "taskoutput", "taskstop", "taskupdate"),
        *(
            "teamcreate",
            "teamdelete",
            "todoread",
            "todowrite",
            "toolsearch",
            "webfetch",
            "websearch",
            "workflow",
            "write",
        ),
        # OpenCode
        *("apply_patch", "list", "patch", "question"),
        # Ironwright
        *("ask", "check", "delegate", "profile"),
    )
)
"""Tools of Claude Code, OpenCode and Ironwright, in lower case."""

_WRITTEN = {
    name.lower(): name
    for name in (
        *("AskUserQuestion", "Bash", "BashOutput", "Edit", "EnterPlanMode", "ExitPlanMode", "Glob", "Grep"),
        *("KillBash", "KillShell", "LS", "LSP", "MultiEdit", "NotebookEdit", "NotebookRead", "Read", "Skill"),
        *("SlashCommand", "Task", "TodoRead", "TodoWrite", "ToolSearch", "WebFetch", "WebSearch", "Write"),
    )
}

BUILT_IN_COMMANDS = frozenset(
    (
        *("add-dir", "agents", "bashes", "bug", "clear", "compact", "config", "context", "cost", "doctor"),
        *("exit", "export", "fast", "help", "hooks", "ide", "init", "install-github-app", "login", "logout"),
        *("loop", "mcp", "memory", "model", "output-style", "permissions", "plan", "plugin", "plugins"),
        *("pr-comments", "quit", "release-notes", "reload-plugins", "resume", "review", "rewind", "sandbox"),
        *("security-review", "skills", "status", "statusline", "tasks", "terminal-setup", "todos", "undo"),
        *("usage", "vim"),
        *(
            "batch",
            "branch",
            "btw",
            "chrome",
            "color",
            "copy",
            "debug",
            "desktop",
            "diff",
            "effort",
            "feedback",
        ),
        *("focus", "fork", "goal", "insights", "keybindings", "mobile", "privacy-settings", "recap"),
        *(
            "remote-control",
            "rename",
            "schedule",
            "share",
            "simplify",
            "stats",
            "teleport",
            "theme",
            "themes",
        ),
        *(
            "ultraplan",
            "ultrareview",
            "unshare",
            "upgrade",
            "redo",
            "sessions",
            "models",
            "editor",
            "details",
        ),
    )
)
"""Slash commands that Claude Code and OpenCode bring along."""

PLACES = frozenset(
    (
        *(
            "api",
            "app",
            "bin",
            "boot",
            "build",
            "dev",
            "dist",
            "docs",
            "etc",
            "health",
            "home",
            "lib",
            "media",
        ),
        *("metrics", "mnt", "opt", "proc", "public", "root", "run", "sbin", "src", "srv", "static", "sys"),
        *("target", "tests", "tmp", "usr", "var", "workspace"),
    )
)
"""Words that after a slash are folders or addresses, not commands."""

_MODELS = re.compile(
    r"(?:sonnet|opus|haiku|fable)(?:\[1m\])?|inherit|default|opusplan|"
    r"(?:[a-z]{2,4}\.)?(?:anthropic\.)?claude-[\w.:@\[\]-]+|"
    r"[\w.-]+[:/][\w./:@\[\]-]+|"
    r"(?:gpt|o\d|codex|gemini|gemma|llama|mistral|codestral|devstral|qwen|deepseek|grok|phi|kimi|glm|minimax)"
    r"[\w.:-]*"
)
_FAMILY = re.compile(r"\b(opus|sonnet|haiku)\b", re.IGNORECASE)


def is_known_tool(name: str) -> bool:
    """Whether a tool is known, or belongs to an MCP server, of which nothing can be known."""
    bare = name.split("(")[0].strip()
    return bare.lower() in KNOWN_TOOLS or bare.startswith("mcp__") or "{{" in name


def written_tool(name: str) -> str:
    """A tool's name as Claude Code writes it; one that is not known stays as it is."""
    bare, parenthesis, rest = name.partition("(")
    return _WRITTEN.get(bare.strip().lower(), bare) + parenthesis + rest


def is_known_model(name: str) -> bool:
    """Whether a model is an alias, or has the form of a provider's model id."""
    return bool(_MODELS.fullmatch(name)) or "{{" in name


def model_families(text: str) -> frozenset[str]:
    """The families ``opus``, ``sonnet`` and ``haiku`` that a text names."""
    return frozenset(found.lower() for found in _FAMILY.findall(text))
