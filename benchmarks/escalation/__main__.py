"""Replays escalation policies on outcomes: ``model -> task -> [resolved, dollars]``.

Cross-validated over tasks: whatever a policy knows it learned on the other folds, and it pays for a try
before it sees the outcome. A try's work is judged by gates that may err; the errors are drawn once for each
try. Columns: share of tasks on which right work was delivered, with its 95 % interval (bootstrap over tasks),
share on which wrong work was delivered, dollars a task, dollars for each right delivery, and what a task
brought where a right delivery is worth $20 and a wrong one costs as much.

- standard, advanced: always that one model: the one whose right results are cheapest, and the one that
  solves most (both chosen on the other folds).
- ladder: fixed, cheapest first, over the models that no other one beats in both price and pass rate.
- ours, as good as advanced: the order of ``ironwright.routing.tier_policy`` for the smallest worth of a
  result at which it expects at least the pass rate of advanced.
- ours, as dear as advanced: the same for the greatest worth at which it expects to pay no more.
- ours, mixed to be as good, or as dear: between the two neighbouring orders of which one falls short of the
  pass rate (or the cost) and the other reaches it, a share of the tasks is drawn at random for each, so that
  exactly that rate or cost is expected. Nobody would give up on tasks by drawing lots; it is how policies
  with few models compare at one pass rate.
- ours, wrong work free; ours, wrong work costs: the order with the greatest expected value where a result is
  worth $20 and a wrong delivery costs nothing, or as much (`wrong_costs`); the same where gates never err.
- oracle: knows who solves the task and pays only the cheapest of them.

Usage: ``python -m benchmarks.escalation [OUTCOMES]``; ``IRONWRIGHT_OUTCOMES`` names the file as well.
"""

from __future__ import annotations

import gzip
import itertools
import json
import math
import os
import random
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist, correlation, linear_regression, median

from ironwright.routing.observed_outcomes import Observed
from ironwright.routing.tier_policy import WORTH, Gates, Ladder, best_ladder

OUTCOMES = Path(__file__).resolve().parents[3] / "shared" / "data" / "outcomes.json.gz"
FOLDS = 5
LEAST_WORTH, MOST_WORTH = -2.0, 3.0
"""Decimal logarithms of the dollars between which the worth of a result is looked for."""
BOOTSTRAP = 1000
GATES = (Gates(), Gates(0.05, 0.05), Gates(0.2, 0.1))
_NORMAL = NormalDist()
Outcomes = Mapping[str, Mapping[str, tuple[bool, float]]]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one task: whether right or wrong work was delivered, what was paid; or the means."""

    right: float
    wrong: float
    dollars: float


def main() -> int:
    """Replay and print; 0 as well where there is nothing to replay."""
    named = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("IRONWRIGHT_OUTCOMES")
    path = Path(named) if named else OUTCOMES
    if not path.is_file():
        print(f"skipped: the outcomes are not here ({path})")
        return 0
    outcomes = read(path)
    tasks = len(next(iter(outcomes.values())))
    print(f"{len(outcomes)} models, {tasks} tasks, {FOLDS} folds; loading of the shared factor: ", end="")
    print(f"{loading(outcomes):.2f} (median over pairs)")
    prior(outcomes)
    for title, fleet in fleets(outcomes):
        for gates in GATES if len(fleet) > 2 or fleet == first_pair(outcomes) else GATES[:1]:
            print(f"\n### {title}; gates accept {gates.false_accepts:.0%} of wrong work and refuse ", end="")
            print(f"{gates.false_rejects:.0%} of right work\n")
            table({model: outcomes[model] for model in fleet}, gates)
    return 0


def read(path: Path) -> Outcomes:
    """The outcomes of a file, gzipped or not, on the tasks that every model has.

    Raises:
        SystemExit: It is no JSON of this shape, or there is too little to learn from; says what is wrong.
    """
    raw = path.read_bytes()
    try:
        data = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
        shared = set.intersection(*(set(tasks) for tasks in data.values()))
    except (ValueError, OSError, EOFError, AttributeError, TypeError) as error:
        raise SystemExit(f"{path}: this is no `model -> task -> [resolved, dollars]` ({error})") from error
    if len(shared) < 2 * FOLDS:
        raise SystemExit(f"{path}: {len(shared)} tasks have outcomes of all models; {2 * FOLDS} are needed")
    return {
        model: {task: _outcome(tasks[task], f"{path}: {model}, {task}") for task in sorted(shared)}
        for model, tasks in data.items()
    }


def _outcome(value: object, where: str) -> tuple[bool, float]:
    match value:
        case [bool() | 0 | 1 as solved, int() | float() as dollars] if 0 <= dollars < math.inf:
            return bool(solved), float(dollars)
    raise SystemExit(f"{where}: {value!r} is no [resolved, dollars]")


def fleets(outcomes: Outcomes) -> list[tuple[str, tuple[str, ...]]]:
    """The sets of models that somebody might have: all, three of different price, and pairs."""
    models = tuple(sorted(outcomes, key=lambda model: mean_dollars(outcomes[model])))
    strongest = max(models, key=lambda model: share(outcomes[model]))
    third = len(models) // 3
    middle = max(models[third : 2 * third] or models, key=lambda model: share(outcomes[model]))
    cheapest = min(models, key=lambda model: price(outcomes[model]))
    found = [
        (f"all {len(models)} models", models),
        (f"{cheapest}, {middle}, {strongest}", (cheapest, middle, strongest)),
    ]
    pairs = [first_pair(outcomes), (middle, strongest)]
    ranked = sorted(models, key=lambda model: -share(outcomes[model]))
    pairs.append((ranked[min(3, len(ranked) - 1)], strongest))
    found += [(f"{one}, then {other}", (one, other)) for one, other in dict.fromkeys(pairs) if one != other]
    return found


def first_pair(outcomes: Outcomes) -> tuple[str, ...]:
    """The model whose results are cheapest, and the strongest."""
    models = sorted(outcomes)
    cheapest = min(models, key=lambda model: price(outcomes[model]))
    return (cheapest, max(models, key=lambda model: share(outcomes[model])))


def table(fleet: Outcomes, gates: Gates) -> None:
    """Print one table."""
    print("| policy | right | 95 % | wrong | $ a task | $ each | $ brought |")
    print("|---|---|---|---|---|---|---|")
    results = {name: replay(fleet, gates, policy) for name, policy in policies(gates).items()}
    for name, replayed in results.items():
        low, high = interval([item.right for item in replayed])
        right, dollars = mean(item.right for item in replayed), mean(item.dollars for item in replayed)
        each = f"{dollars / right:.3f}" if right else "-"
        wrong = mean(item.wrong for item in replayed)
        brought = WORTH * (right - wrong) - dollars
        print(f"| {name} | {right:.1%} | {low:.1%}–{high:.1%} | {wrong:.1%} ", end="")
        print(f"| {dollars:.3f} | {each} | {brought:.2f} |")
    compare(results)
    if gates.false_accepts:
        compare_wrong(results)


def compare(results: Mapping[str, Sequence[Replayed]]) -> None:
    """Print what was gained over always asking the strongest, and what is left to gain."""
    advanced, best = results["advanced"], results["oracle"]
    print()
    for title in ("as good as advanced", "mixed to be as good", "as dear as advanced", "mixed to be as dear"):
        print(f"- {title.capitalize()}: {gained(results[f'ours, {title}'], advanced)}.")
    dear = results["ours, as dear as advanced"]
    right = mean(item.right for item in best) - mean(item.right for item in dear)
    dollars = mean(item.dollars for item in dear) - mean(item.dollars for item in best)
    print(f"- Regret to the oracle (as dear): {right:.1%} right, ${dollars:.3f} a task.")


def gained(ours: Sequence[Replayed], theirs: Sequence[Replayed]) -> str:
    """The difference in right work and the ratio of costs on the same tasks, with 95 % intervals."""
    pairs = list(zip(ours, theirs, strict=True))
    draw = random.Random(5)
    drawn = [draw.choices(pairs, k=len(pairs)) for _ in range(BOOTSTRAP)]
    parts = []
    for figure, form in ((_more_right, "{:+.1%}"), (_cost_ratio, "{:.0%}")):
        seen = sorted(figure(sample) for sample in drawn)
        low, high = seen[int(0.025 * BOOTSTRAP)], seen[int(0.975 * BOOTSTRAP) - 1]
        parts.append(f"{form.format(figure(pairs))} ({form.format(low)} to {form.format(high)})")
    return f"{parts[0]} right at {parts[1]} of the cost of advanced"


def _more_right(pairs: Sequence[tuple[Replayed, Replayed]]) -> float:
    return mean(one.right - other.right for one, other in pairs)


def _cost_ratio(pairs: Sequence[tuple[Replayed, Replayed]]) -> float:
    paid = mean(other.dollars for _, other in pairs)
    return mean(one.dollars for one, _ in pairs) / paid if paid else math.inf


def compare_wrong(results: Mapping[str, Sequence[Replayed]]) -> None:
    """Print what counting the cost of wrong deliveries changes, with its 95 % interval over tasks."""
    costs, free = results["ours, wrong work costs"], results["ours, wrong work free"]
    gains = [value(one) - value(other) for one, other in zip(costs, free, strict=True)]
    low, high = interval(gains)
    wrong = mean(item.wrong for item in costs) - mean(item.wrong for item in free)
    right = mean(item.right for item in costs) - mean(item.right for item in free)
    print(f"- Counting wrong work: {wrong:+.1%} wrong, {right:+.1%} right, ", end="")
    print(f"{mean(gains):+.2f} dollars brought a task (95 %: {low:+.2f} to {high:+.2f}).")


def value(replayed: Replayed) -> float:
    """What a task brought, in dollars."""
    return WORTH * (replayed.right - replayed.wrong) - replayed.dollars


Order = Sequence[str]
Mixture = Sequence[tuple[float, Order]]
"""Orders, each for a share of the tasks drawn at random."""
Policy = Callable[[Outcomes], Mixture]


def policies(gates: Gates) -> Mapping[str, Policy | None]:
    """Each policy as what it makes of training outcomes; None is the oracle."""
    made: dict[tuple[str, ...], Mixture] = {}

    def once(which: Callable[[Outcomes, Gates], Mixture], known: Outcomes) -> Mixture:
        key = (which.__name__, *next(iter(known.values())))
        if key not in made:
            made[key] = which(known, gates)
        return made[key]

    return {
        "standard": lambda known: only([min(known, key=lambda model: price(known[model]))]),
        "advanced": lambda known: only([strongest(known)]),
        "ladder": lambda known: only(frontier(known)),
        "ours, as good as advanced": lambda known: only(once(as_good, known)[1][1]),
        "ours, mixed to be as good": lambda known: once(as_good, known),
        "ours, as dear as advanced": lambda known: only(once(as_dear, known)[0][1]),
        "ours, mixed to be as dear": lambda known: once(as_dear, known),
        "ours, wrong work free": lambda known: only(of_worth(known, gates, 0.0)),
        "ours, wrong work costs": lambda known: only(of_worth(known, gates, WORTH)),
        "oracle": None,
    }


def replay(fleet: Outcomes, gates: Gates, policy: Policy | None) -> list[Replayed]:
    """What becomes of every task, each under what was learned on the other folds."""
    tasks = list(next(iter(fleet.values())))
    random.Random(7).shuffle(tasks)
    found = []
    for fold in range(FOLDS):
        held = tasks[fold::FOLDS]
        rest = set(tasks) - set(held)
        if policy is None:
            found += [oracle(fleet, task) for task in held]
            continue
        mixture = policy({model: {task: own[task] for task in rest} for model, own in fleet.items()})
        found += [mixed(fleet, gates, mixture, task) for task in held]
    return found


def mixed(fleet: Outcomes, gates: Gates, mixture: Mixture, task: str) -> Replayed:
    """What becomes of a task in the mean over the draw of its order."""
    parts = [(part, one(fleet, gates, order, task)) for part, order in mixture]
    return Replayed(
        sum(part * item.right for part, item in parts),
        sum(part * item.wrong for part, item in parts),
        sum(part * item.dollars for part, item in parts),
    )


def one(fleet: Outcomes, gates: Gates, order: Sequence[str], task: str) -> Replayed:
    """Go up an order until work passes."""
    paid = 0.0
    for model in order:
        right, dollars = fleet[model][task]
        paid += dollars
        luck = random.Random(f"{model} {task}").random()
        if luck >= gates.false_rejects if right else luck < gates.false_accepts:
            return Replayed(right, not right, paid)
    return Replayed(False, False, paid)


def oracle(fleet: Outcomes, task: str) -> Replayed:
    """Pay the cheapest that solves it, or nobody."""
    solving = [own[task][1] for own in fleet.values() if own[task][0]]
    return Replayed(bool(solving), False, min(solving, default=0.0))


def as_good(known: Outcomes, gates: Gates) -> Mixture:
    """Expects exactly the pass rate of the strongest model; the second order alone expects at least that."""
    goal = _alone(known, gates).proved
    return _mixture(known, gates, lambda ladder: ladder.proved, goal)


def as_dear(known: Outcomes, gates: Gates) -> Mixture:
    """Expects to cost exactly what the strongest model costs; the first order alone expects at most that."""
    most = _alone(known, gates).dollars
    return _mixture(known, gates, lambda ladder: ladder.dollars, most + 2e-9)


def of_worth(known: Outcomes, gates: Gates, wrong_costs: float) -> Order:
    """The ladder that is expected to bring most where a result is worth $20."""
    beliefs = Observed(known, gates=gates)
    tries = dict.fromkeys(known, 1)
    return choices(best_ladder(beliefs, tries, worth=WORTH, wrong_costs=wrong_costs, gates=gates))


def _alone(known: Outcomes, gates: Gates) -> Ladder:
    """What the strongest model is expected to bring by itself, estimated as the ladders are."""
    beliefs = Observed(known, gates=gates)
    return best_ladder(beliefs, {strongest(known): 1}, worth=math.inf, wrong_costs=0.0, gates=gates)


def _mixture(known: Outcomes, gates: Gates, figure: Callable[[Ladder], float], goal: float) -> Mixture:
    """The two neighbouring ladders, by what a result is worth, between which a figure reaches a goal."""
    beliefs = Observed(known, gates=gates)
    tries = dict.fromkeys(known, 1)

    def ladder(exponent: float) -> Ladder:
        return best_ladder(beliefs, tries, worth=10**exponent, wrong_costs=0.0, gates=gates)

    low, high = LEAST_WORTH, MOST_WORTH
    below, above = ladder(low), ladder(high)
    for _ in range(8):
        middle = (low + high) / 2
        tried = ladder(middle)
        if figure(tried) >= goal - 1e-9:
            high, above = middle, tried
        else:
            low, below = middle, tried
    if figure(above) < goal:  # not even the best reaches it
        return [(0.0, choices(above)), (1.0, choices(above))]
    between = figure(above) - figure(below)
    part = (figure(above) - goal) / between if between > 0 else 0.0
    part = min(max(part, 0.0), 1.0)
    return [(part, choices(below)), (1 - part, choices(above))]


def only(order: Order) -> Mixture:
    """One order for all tasks."""
    return [(1.0, order)]


def choices(ladder: Ladder) -> list[str]:
    """Who tries, in order."""
    return [rung.choice for rung in ladder.rungs]


def frontier(known: Outcomes) -> list[str]:
    """The models that no other one beats in price and pass rate, cheapest first."""
    order = sorted(known, key=lambda model: mean_dollars(known[model]))
    found: list[str] = []
    for model in order:
        if not found or share(known[model]) > share(known[found[-1]]):
            found.append(model)
    return found


def strongest(known: Outcomes) -> str:
    """The model that solves most."""
    return max(known, key=lambda model: share(known[model]))


def share(own: Mapping[str, tuple[bool, float]]) -> float:
    """Share of tasks solved."""
    return mean(solved for solved, _ in own.values())


def mean_dollars(own: Mapping[str, tuple[bool, float]]) -> float:
    """Mean cost of a try."""
    return mean(dollars for _, dollars in own.values())


def price(own: Mapping[str, tuple[bool, float]]) -> float:
    """Cost of each right result."""
    return mean_dollars(own) / share(own) if share(own) else math.inf


def mean(values: Iterable[float]) -> float:
    """The mean of some numbers or truths."""
    listed = list(values)
    return sum(listed) / len(listed)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of a mean, by drawing the tasks again."""
    draw = random.Random(3)
    shares = sorted(sum(draw.choices(values, k=len(values))) / len(values) for _ in range(BOOTSTRAP))
    return shares[int(0.025 * BOOTSTRAP)], shares[int(0.975 * BOOTSTRAP) - 1]


def loading(outcomes: Outcomes) -> float:
    """The median loading over pairs at which the one-factor model gives the share that both solve."""
    points = [(-4 + 8 * number / 60) for number in range(61)]

    def both(one: float, other: float, at: float) -> float:
        spread = math.sqrt(1 - at * at)
        return sum(
            _NORMAL.pdf(point)
            * (8 / 60)
            * _NORMAL.cdf((at * point - one) / spread)
            * _NORMAL.cdf((at * point - other) / spread)
            for point in points
        )

    found = []
    for first, second in itertools.combinations(outcomes.values(), 2):
        seen = mean(first[task][0] and second[task][0] for task in first)
        thresholds = [_NORMAL.inv_cdf(1 - min(max(share(own), 0.002), 0.998)) for own in (first, second)]
        low, high = 0.0, 0.99
        for _ in range(12):
            middle = (low + high) / 2
            low, high = (middle, high) if both(thresholds[0], thresholds[1], middle) < seen else (low, middle)
        found.append((low + high) / 2)
    return median(found) if found else 0.0


def prior(outcomes: Outcomes) -> None:
    """Print what `ironwright.routing.success_estimates` believes before there are any own outcomes."""
    costs = [math.log(max(mean_dollars(own), 1e-4)) for own in outcomes.values()]
    shares = [min(max(share(own), 0.002), 0.998) for own in outcomes.values()]
    failed = [
        mean(dollars for solved, dollars in own.values() if not solved) / mean_dollars(own)
        for own in outcomes.values()
        if mean_dollars(own) and not all(solved for solved, _ in own.values())
    ]
    odds = [math.log(one / (1 - one)) for one in shares]
    if min(len(set(costs)), len(set(odds))) > 2:
        slope, level = linear_regression(costs, odds)
        fitted = [1 / (1 + math.exp(-level - slope * cost)) for cost in costs]
        left = mean((one - other) ** 2 for one, other in zip(shares, fitted, strict=True))
        strength = mean(one * (1 - one) for one in fitted) / left - 1 if left else math.inf
        print(f"Log-odds of success at $1 a try {level:.2f}, slope in ln($) {slope:.2f} ", end="")
        print(f"(correlation {correlation(costs, odds):.2f}), strength {strength:.1f} tries; ", end="")
    if failed:
        print(f"a failed try costs {median(failed):.2f} times the mean.")


if __name__ == "__main__":
    sys.exit(main())
