"""What a model can do, as far as its server says or a probe has shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

ABILITIES = ("tools", "parallel_tools", "structured_output", "images", "thinking")
"""The abilities that are looked for, by their field names."""


@dataclass(frozen=True, slots=True)
class Served:
    """A model that a server offers, with what is known of it; None where nobody says.

    Attributes:
        id: Its id.
        context: The context window that it is served with, in tokens.
        tools: Whether it can call tools.
        parallel_tools: Whether it calls several tools in one answer.
        structured_output: Whether it keeps to a JSON schema.
        images: Whether it reads images.
        thinking: Whether it thinks before it answers, apart from its answer.
        context_limit: The largest context window that the model was made for, in tokens; the server may
            serve it with less.
        chats: Whether it holds conversations; an embedding model does not.
        digest: The server's digest of the weights; empty where it names none.
        input_mtok: US dollars for a million input tokens, where the server says.
        output_mtok: The same for output tokens.
    """

    id: str
    context: int | None = None
    tools: bool | None = None
    parallel_tools: bool | None = None
    structured_output: bool | None = None
    images: bool | None = None
    thinking: bool | None = None
    context_limit: int | None = None
    chats: bool = True
    digest: str = ""
    input_mtok: float | None = None
    output_mtok: float | None = None

    @property
    def window(self) -> int | None:
        """The context window to reckon with: the one served, else the largest possible."""
        return self.context or self.context_limit

    def known_from(self, other: Served) -> Served:
        """This model with what another source knows of it; the other's word counts where it says one."""
        told = {
            item.name: value
            for item in fields(other)
            if item.name not in ("id", "chats", "digest") and (value := getattr(other, item.name)) is not None
        }
        return replace(self, **told)

    def as_json(self) -> dict[str, Any]:
        """The model as JSON data, without what is not known."""
        return {key: value for key, value in asdict(self).items() if value is not None and value != ""}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Served:
        """Read back what :meth:`as_json` wrote.

        Raises:
            ValueError: It is something else.
        """
        hints = {item.name: str(item.type) for item in fields(cls)}
        if not isinstance(data, Mapping) or set(data) - set(hints) or not isinstance(data.get("id"), str):
            raise ValueError("no served model")
        for name, value in data.items():
            kinds = _KINDS[hints[name]]
            if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
                raise ValueError(f"{name} cannot be {value!r}")
        return cls(**data)


_KINDS: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "bool": (bool,),
    "bool | None": (bool,),
    "int | None": (int,),
    "float | None": (float, int),
}
