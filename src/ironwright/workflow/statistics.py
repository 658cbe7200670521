"""What the outcomes of attempts add up to: by who worked, by kind of task, by gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ironwright.routing.success_estimates import Tally, beta_interval
from ironwright.workflow.outcome_store import AttemptOutcome, Outcomes, tallies


@dataclass(frozen=True, slots=True)
class Share:
    """How often something succeeded.

    Attributes:
        name: Of what.
        tried: How often it was tried and judged.
        proved: How often the work passed.
        dollars: What the tries of known price cost together.
        priced: How many these are.
    """

    name: str
    tried: int
    proved: int
    dollars: float
    priced: int

    @property
    def interval(self) -> tuple[float, float]:
        """Between which shares the true one lies with 90 %, before which nothing was known."""
        return beta_interval(self.proved + 0.5, self.tried - self.proved + 0.5)

    @property
    def dollars_each(self) -> float | None:
        """Dollars for each proved result; None where nothing was proved or not every price is known."""
        return self.dollars / self.proved if self.proved and self.priced >= self.tried else None

    def as_json(self) -> dict[str, Any]:
        """The share as JSON data."""
        low, high = self.interval
        return {
            "name": self.name,
            "tried": self.tried,
            "proved": self.proved,
            "low": round(low, 3),
            "high": round(high, 3),
            "dollars": round(self.dollars, 6),
            "priced": self.priced,
            "dollars_each": None if self.dollars_each is None else round(self.dollars_each, 6),
        }


@dataclass(frozen=True, slots=True)
class GateShare:
    """How often a gate refused, and could not tell, what attempts had committed."""

    gate: str
    judged: int
    failed: int
    unknown: int
    findings: int

    def as_json(self) -> dict[str, Any]:
        """The share as JSON data."""
        return {
            "gate": self.gate,
            "judged": self.judged,
            "failed": self.failed,
            "unknown": self.unknown,
            "findings": self.findings,
        }


@dataclass(frozen=True, slots=True)
class Statistics:
    """Everything that `ironwright stats` shows.

    Attributes:
        runs: How many runs ended.
        delivered: How many of them delivered.
        escalated: How many of them went on to another agent or model.
        dollars: What the runs cost, as far as prices are known.
        unpriced: How many attempts have no known price.
        tokens_in: Input tokens.
        tokens_out: Output tokens.
        turns: Model requests.
        months: ``(YYYY-MM, runs, delivered, dollars)``, oldest first.
        choices: By agent and model, the most tried first.
        kinds: By kind of task.
        gates: By gate, the most refusing first.
    """

    runs: int
    delivered: int
    escalated: int
    dollars: float
    unpriced: int
    tokens_in: int
    tokens_out: int
    turns: int
    months: tuple[tuple[str, int, int, float], ...]
    choices: tuple[Share, ...]
    kinds: tuple[Share, ...]
    gates: tuple[GateShare, ...]

    def as_json(self) -> dict[str, Any]:
        """The statistics as JSON data."""
        return {
            "runs": self.runs,
            "delivered": self.delivered,
            "escalated": self.escalated,
            "dollars": round(self.dollars, 6),
            "unpriced_attempts": self.unpriced,
            "input_tokens": self.tokens_in,
            "output_tokens": self.tokens_out,
            "turns": self.turns,
            "months": [
                {"month": month, "runs": runs, "delivered": delivered, "dollars": round(dollars, 6)}
                for month, runs, delivered, dollars in self.months
            ],
            "choices": [item.as_json() for item in self.choices],
            "kinds": [item.as_json() for item in self.kinds],
            "gates": [item.as_json() for item in self.gates],
        }


def statistics(outcomes: Outcomes) -> Statistics:
    """Add up outcomes."""
    attempts = outcomes.attempts
    last = {item.run: item for item in attempts}
    known = tallies(attempts)
    return Statistics(
        runs=len(last),
        delivered=sum(item.outcome == "delivered" for item in last.values()),
        escalated=len({item.run for item in attempts if item.escalated}),
        dollars=sum(item.dollars or 0.0 for item in attempts),
        unpriced=sum(item.dollars is None for item in attempts),
        tokens_in=sum(item.input_tokens for item in attempts),
        tokens_out=sum(item.output_tokens for item in attempts),
        turns=sum(item.requests for item in attempts),
        months=_months(attempts, last.values()),
        choices=_shares(known, lambda tally: f"{tally.agent} with {tally.model}"),
        kinds=_shares(known, lambda tally: tally.kind),
        gates=_gates(outcomes),
    )


def _months(
    attempts: Iterable[AttemptOutcome], ends: Iterable[AttemptOutcome]
) -> tuple[tuple[str, int, int, float], ...]:
    runs: Counter[str] = Counter()
    delivered: Counter[str] = Counter()
    dollars: dict[str, float] = {}
    for item in ends:
        runs[item.ended[:7]] += 1
        delivered[item.ended[:7]] += item.outcome == "delivered"
    for item in attempts:
        dollars[item.ended[:7]] = dollars.get(item.ended[:7], 0.0) + (item.dollars or 0.0)
    return tuple((month, runs[month], delivered[month], dollars[month]) for month in sorted(runs))


def _shares(known: Iterable[Tally], name: Callable[[Tally], str]) -> tuple[Share, ...]:
    found: dict[str, Share] = {}
    for tally in known:
        key = name(tally)
        old = found.get(key, Share(key, 0, 0, 0.0, 0))
        found[key] = Share(
            key,
            old.tried + tally.tried,
            old.proved + tally.proved,
            old.dollars + tally.dollars,
            old.priced + tally.priced,
        )
    return tuple(sorted(found.values(), key=lambda share: (-share.tried, share.name)))


def _gates(outcomes: Outcomes) -> tuple[GateShare, ...]:
    found: dict[str, GateShare] = {}
    for item in outcomes.verdicts:
        old = found.get(item.gate, GateShare(item.gate, 0, 0, 0, 0))
        failed = item.verdict == "FAIL"
        found[item.gate] = GateShare(
            item.gate,
            old.judged + 1,
            old.failed + failed,
            old.unknown + (item.verdict == "UNKNOWN"),
            old.findings + (item.findings if failed else 0),
        )
    return tuple(sorted(found.values(), key=lambda share: (-share.failed, -share.unknown, share.gate)))
