"""Text with style in, a string for a terminal out; the only module that knows rich."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ironwright.records.verdict import Status

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

STATUS_STYLES = {Status.PASS: "bold green", Status.FAIL: "bold red", Status.UNKNOWN: "bold yellow"}


@dataclass(frozen=True, slots=True)
class Screen:
    """What the text is for.

    Attributes:
        width: Columns; tables fold at it, places such as ``src/lib.rs:12`` never do.
        color: Whether escape sequences for colour may appear.
    """

    width: int = 100
    color: bool = False


class Canvas:
    """Collects lines and tables and gives them back as one string.

    Nothing that it is given is read as markup: styles come as arguments, so a message that holds
    ``[red]`` is shown as written.
    """

    def __init__(self, screen: Screen) -> None:
        from rich.console import Console

        self._buffer = io.StringIO()
        self._screen = screen
        self._console: Console = Console(
            file=self._buffer,
            width=max(40, screen.width),
            force_terminal=screen.color,
            color_system="standard" if screen.color else None,
            no_color=not screen.color,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=False,
        )

    def line(self, *parts: str | tuple[str, str], indent: int = 0, fold: bool = True) -> None:
        """Write one line of plain or ``(text, style)`` parts.

        Args:
            *parts: What it holds, in order.
            indent: Columns left free at the start of the line and of its continuations.
            fold: Whether the line is folded at the width; False keeps paths whole.
        """
        from rich.padding import Padding

        text = self.text(*parts)
        if fold:
            self._console.print(Padding(text, (0, 0, 0, indent)) if indent else text)
        else:
            self._console.print(self.text(" " * indent, *parts), soft_wrap=True)

    def blank(self) -> None:
        """Write an empty line."""
        self._console.print()

    def table(self, columns: list[tuple[str, dict[str, object]]], rows: list[list[RenderableType]]) -> None:
        """Write a table without borders; a column is its heading and rich's column options."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table

        grid = Table(
            box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="dim", padding=(0, 2, 0, 0)
        )
        for heading, options in columns:
            grid.add_column(heading, **options)  # type: ignore[arg-type]
        for row in rows:
            grid.add_row(*row)
        self._console.print(grid)

    @staticmethod
    def text(*parts: str | tuple[str, str]) -> Text:
        """Styled text from parts, none of it read as markup."""
        from rich.text import Text

        return Text.assemble(*parts)

    def result(self) -> str:
        """Everything written, each line without trailing blanks."""
        lines = self._buffer.getvalue().split("\n")
        return "\n".join(line.rstrip() for line in lines)
