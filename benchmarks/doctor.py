"""How often `faceproof doctor` finds something in honest data, on simulated lists of comparisons that share people.

Scores are drawn as in ``benchmarks/coverage.py``, with effects of person, photo and couple. Each draw is audited four
times: as it is; with failed photos; with a column split; and with claims that were computed honestly.

    python benchmarks/doctor.py [--draws 200] [--lists view2 sampled] [--write docs/doctor.md] [--real RUN]

``--real`` is the folder of a finished run of all comparisons of many people, from which some people are drawn.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from faceproof.findings.doctor.audit import audit
from faceproof.findings.doctor.audited import AuditedScores, of_run
from faceproof.findings.doctor.claims import Claims, claims_of
from faceproof.findings.scored import ScoredComparisons, join_scores
from faceproof.metrics.confusion import accuracy, confusion_at, fmr, fnmr, precision
from faceproof.metrics.curves import auc
from faceproof.metrics.folds import cross_validated_accuracy, person_disjoint_folds
from faceproof.metrics.operating_points import eer, fnmr_at_fmr
from faceproof.runs.run_folder import read_run

FAILED = 0.03
"""Share of photos that fail."""
FEWER_DRAWS = {"all 200 x 4": 60}
ROWS = {
    "faults": "a fault, of any check",
    "faults with failures": "a fault, where photos fail",
    "faults with claims": "a fault, with honest claims",
    "drift_over_rows": "drift over rows, either kind",
    "loss_by_kind": "loss by kind",
    "people_of_training_score_higher": "people of training score higher",
    "upside down of nothing": "scores upside down, where AUC is 0.5 in truth",
    "accuracy_of_the_best_threshold 3": "accuracy of the best threshold, three digits",
    "accuracy_of_the_best_threshold 4": "the same, four digits",
    "accuracy_is_one_minus_eer 3": "accuracy is 1 - EER, three digits",
    "accuracy_is_one_minus_eer 4": "the same, four digits",
}
"""What is counted, and its name in the table."""


def _coverage() -> ModuleType:
    """``benchmarks/coverage.py`` under a name of its own: it is called like a package for tests."""
    name = "coverage_of_intervals"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("coverage.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


class Honest:
    """A list of comparisons and its names, of which many draws of scores are audited."""

    def __init__(self, pairs: Any, draw: Callable[..., NDArray[np.float64]]) -> None:
        self.pairs, self._draw = pairs, draw
        self.mated = pairs.mated
        photo = pa.array([f"p{person:05d}/{number}.jpg" for number, person in enumerate(pairs.person)])
        person = pa.array([f"p{one:05d}" for one in pairs.person])
        sides = {"a": pairs.photo_a, "b": pairs.photo_b}
        self.names = {
            f"{what}_{side}": pa.chunked_array([column.take(pa.array(rows))])
            for what, column in (("photo", photo), ("person", person))
            for side, rows in sides.items()
        }

    def scores(self, similarity: NDArray[np.float64], **more: Any) -> AuditedScores:
        """One draw as an audit takes it."""
        none = np.full(similarity.size, -1)
        return AuditedScores(similarity, "similarity", self.mated, none, self.names, **more)

    def draw(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Similarities."""
        return self._draw(self.pairs, rng)

    def counts(self, rng: np.random.Generator) -> Counter[str]:
        """What is found in one draw."""
        similarity, found = self.draw(rng), Counter[str]()
        plain = audit(self.scores(similarity))
        found["faults"] += bool(plain.faults)
        found["drift_over_rows"] += bool(plain.of("drift_over_rows"))
        lost = rng.random(self.pairs.person.size) < FAILED
        gone = lost[self.pairs.photo_a] | lost[self.pairs.photo_b]
        failed = audit(self.scores(np.where(gone, np.nan, similarity)))
        found["faults with failures"] += bool(failed.faults)
        found["loss_by_kind"] += bool(failed.of("loss_by_kind"))
        split = pa.chunked_array([pa.array(np.where(rng.random(similarity.size) < 0.3, "train", "test"))])
        gain = "people_of_training_score_higher"
        found[gain] += bool(audit(self.scores(similarity, split=split)).of(gain))
        nothing = np.where(self.mated, similarity - _coverage().MEAN, similarity)
        found["upside down of nothing"] += bool(audit(self.scores(nothing)).of("scores_upside_down"))
        for digits in (3, 4):
            claimed = audit(self.scores(similarity), self.claims(similarity, digits, rng))
            found["faults with claims"] += digits == 4 and bool(claimed.faults)
            for hint in ("accuracy_of_the_best_threshold", "accuracy_is_one_minus_eer"):
                found[f"{hint} {digits}"] += bool(claimed.of(hint))
        return found

    def claims(self, similarity: NDArray[np.float64], digits: int, rng: np.random.Generator) -> Claims:
        """Claims of an honest author: accuracy over folds that share no person, and numbers at one threshold."""
        fold = person_disjoint_folds(*self.pairs.people, seed=int(rng.integers(1 << 30)))
        folded = cross_validated_accuracy(similarity, self.mated, fold, plain_mean=False)
        at = _coverage().MEAN / 2
        decided = confusion_at(similarity, self.mated, round(at, digits))
        numbers = {
            "accuracy": folded.accuracy,
            "eer": eer(similarity, self.mated)[0],
            "auc": auc(similarity, self.mated),
            "fnmr@fmr=0.1": fnmr_at_fmr(similarity, self.mated, 0.1),
        }
        if np.isnan(folded.accuracy):
            numbers["accuracy"] = accuracy(decided)
        else:
            # Accuracy is over folds, so the other numbers may be of one threshold.
            del numbers["accuracy"]
            alone = claims_of({"accuracy": f"{folded.accuracy:.{digits}f}"})
            return Claims(alone.numbers | claims_of(_texts(numbers, digits)).numbers)
        numbers |= {"fmr": fmr(decided), "fnmr": fnmr(decided), "precision": precision(decided)}
        return claims_of(_texts(numbers, digits) | {"threshold": f"{at:.{digits}f}"})


def _texts(numbers: dict[str, float], digits: int) -> dict[str, str]:
    return {name: f"{value:.{digits}f}" for name, value in numbers.items()}


def judge(name: str, draws: int, seed: int) -> Counter[str]:
    """What is found in some draws of a list."""
    module = _coverage()
    honest, rng, found = Honest(module.LISTS[name](), module.draw), np.random.default_rng(seed), Counter[str]()
    for _ in range(draws):
        found.update(honest.counts(rng))
    return found


def judge_real(folder: Path, people: int, draws: int, seed: int) -> Counter[tuple[str, str]]:
    """Severities and checks of what is found in draws of some people from a finished run of all comparisons."""
    scored, rng, found = join_scores(read_run(folder)), np.random.default_rng(seed), Counter[tuple[str, str]]()
    a, b = scored.person_codes()
    for _ in range(draws):
        drawn = np.zeros(int(max(a.max(), b.max())) + 1, dtype=np.bool_)
        drawn[rng.choice(drawn.size, people, replace=False)] = True
        rows = np.flatnonzero(drawn[a] & drawn[b])
        columns = (scored.comparison[rows], scored.mated[rows], scored.fold[rows], scored.similarity[rows])
        some = of_run(ScoredComparisons(*columns, scored.names.take(pa.array(rows))))
        found.update({(one.severity, one.check) for one in audit(some).findings})
    return found


def table(found: dict[str, tuple[int, Counter[str]]]) -> Iterator[str]:
    """A Markdown table: a row for each thing that is counted, a column for each list."""
    yield f"| found | {' | '.join(f'{name} ({draws})' for name, (draws, _) in found.items())} |"
    yield f"|-|{'-|' * len(found)}"
    for key, title in ROWS.items():
        cells = (f"{100 * counts[key] / draws:.1f}%" for draws, counts in found.values())
        yield f"| {title} | {' | '.join(cells)} |"


def main() -> None:
    """Judge every list, print the table, and write it where asked."""
    lists = _coverage().LISTS
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--lists", nargs="*", choices=lists, default=list(lists))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real", type=Path, metavar="RUN", help="a finished run of all comparisons of many people")
    parser.add_argument("--people", type=int, default=50, help="how many are drawn from it")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="a page with markers for the table")
    given = parser.parse_args()
    found = {}
    with ProcessPoolExecutor(2) as pool:
        for name in given.lists:
            draws = min(given.draws, FEWER_DRAWS.get(name, given.draws))
            halves = (draws // 2, draws - draws // 2)
            parts = [pool.submit(judge, name, n, given.seed + 1000 * k) for k, n in enumerate(halves)]
            counts: Counter[str] = sum((part.result() for part in parts), Counter())
            found[name] = (draws, counts)
            print("\n".join(table({name: found[name]})), flush=True)
    if given.real:
        print(f"{given.real}, {given.people} people, {given.draws} draws")
        for (severity, check), times in sorted(judge_real(given.real, given.people, given.draws, given.seed).items()):
            print(f"  {severity} {check}: {times}", flush=True)
    if given.write and found:
        text = given.write.read_text("utf-8")
        start, end = "<!-- measured -->", "<!-- end of measured -->"
        before, after = text.split(start)[0], text.split(end)[1]
        given.write.write_text(f"{before}{start}\n" + "\n".join(table(found)) + f"\n{end}{after}", "utf-8")


if __name__ == "__main__":
    main()
