"""What `benchmarks.speed` found, as tables and as the page docs/speed.md."""

from __future__ import annotations

from typing import Any

from benchmarks.matmuls import LARGE
from benchmarks.peers.agreement import ITERATIONS as AGREED
from benchmarks.peers.agreement import MOST, SEEDS, TOLERANCE
from benchmarks.peers.cases import FRAMES, ITERATIONS
from benchmarks.startup import TARGETS
from benchmarks.tables import Table, markdown

OURS, EAGER, MODULE, STAGES = "gan1d", "PyTorch eager", "with nn.Dropout", ("training", "recording", "metrics")


def tables(result: dict[str, Any]) -> list[Table]:
    """Every table, the most important first."""
    found = [contest(result), stages(result), ways(result), starts(result), products(result)]
    return [table for table in found if table.rows]


def ratio(case: dict[str, Any], stage: str = STAGES[-1], to: str = EAGER) -> float:
    """How many times as long as gan1d a peer takes."""
    seconds = case["seconds"]
    return float(seconds[to][stage]["median"] / seconds[OURS][stage]["median"])


def contest(result: dict[str, Any]) -> Table:
    """The ratios that have targets."""
    rows = []
    for name, case in result["cases"].items():
        seconds = case["seconds"]
        if EAGER not in seconds:
            rows.append([name, "", "does not agree", "", f"{case['target']:g}", "not measured", ""])
            continue
        found, whole = ratio(case), (seconds[who][STAGES[-1]]["median"] for who in (OURS, EAGER))
        module = f"{ratio(case, to=MODULE):.1f}" if MODULE in seconds else ""
        reached = "reached" if found >= case["target"] else "missed"
        rows.append(
            [name, *(f"{1e3 * s:.0f} ms" for s in whole), f"{found:.1f}", f"{case['target']:g}", reached, module]
        )
    note = (
        f"{ITERATIONS} iterations, batch 32, {FRAMES + 1} recorded states and all their exact metrics; "
        f"medians of {result['repeats']} runs in turn. PyTorch draws dropout in bulk where that is quicker; last, the times if it does not."
    )
    return Table("gan1d beside PyTorch eager", note, ["case", OURS, EAGER, "times", "target", "", MODULE], rows)


def without_targets(table: Table) -> Table:
    """The ratios alone, for who wants to know how fast it is."""
    keep = (0, 1, 2, 3, 6)
    return table._replace(head=[table.head[i] for i in keep], rows=[[row[i] for i in keep] for row in table.rows])


def stages(result: dict[str, Any]) -> Table:
    """Everyone, stage by stage."""
    rows = []
    for name, case in result["cases"].items():
        for who, seconds in case["seconds"].items():
            cells = [f"{1e3 * seconds[stage]['median']:.0f}" for stage in STAGES]
            rate = f"{ITERATIONS / seconds[STAGES[0]]['median']:,.0f}"
            times = [f"{ratio(case, stage, who):.1f}" for stage in (STAGES[0], STAGES[-1])] if who != OURS else ["", ""]
            compiling = case["compile"].get(who)
            rows.append([name, who, *cells, rate, *times, f"{compiling:.0f} s" if compiling else ""])
        rows += [[name, who, "does not agree", *[""] * 6] for who in disagreeing(case)]
        rows += [[name, who, "does not work", *[""] * 6] for who in case["missing"]]
    note = (
        "The metrics are gan1d's own code for everyone; gan1d measures while it trains on, the peers afterwards. "
        "Compiling is apart from everything else; gan1d's stands below."
    )
    head = [
        "case",
        "",
        "training, ms",
        "+ recording",
        "+ metrics",
        "iterations/s",
        "times gan1d",
        "of all",
        "compiling",
    ]
    return Table("Everyone, stage by stage", note, head, rows, words=2)


def disagreeing(case: dict[str, Any]) -> list[str]:
    """Peers that did not reach gan1d's losses."""
    return [who for who, found in case["agreement"].items() if not found["agrees"]]


def ways(result: dict[str, Any]) -> Table:
    """How each library is used: the quickest way of a short trial, and how near it comes to gan1d's losses."""
    rows = []
    for name, case in result["cases"].items():
        for who, how in case["how"].items():
            found = sorted(case["agreement"][who]["differences"])
            rows.append([name, who, how, f"{found[len(found) // 2]:.0e}", f"{found[-1]:.0e}"])
        rows += [[name, who, why, "", ""] for who, why in case["missing"].items()]
    note = (
        f"Difference: the largest of a batch loss over {AGREED} iterations, from gan1d's weights and random numbers, median and most of "
        f"{len(SEEDS)} seeds. At most {TOLERANCE:g} is asked of {MOST} of them: rounding can fall on a ReLU's kink."
    )
    return Table("Who trains how, and the same", note, ["case", "", "way", "difference", "most"], rows, words=3)


def starts(result: dict[str, Any]) -> Table:
    """Imports, first compilations and restarts."""
    rows = [
        ["", what, f"{took['median']:.2f}", f"{took['low']:.2f}", f"{TARGETS[what]:g}"]
        for what, took in result["imports"].items()
    ]
    for name, found in result["starts"].items():
        for what, took in found.items():
            target = f"{TARGETS[what]:g}" if what in TARGETS else ""
            rows.append([name, what, f"{took['median']:.2f}", f"{took['low']:.2f}", target])
    note = (
        "Fresh processes. First: the cache of compiled programs is empty; restart: another process finds it filled. After imports. "
        f"Load of the machine when this began: {result['machine']['load']}."
    )
    return Table("Until there is something, seconds", note, ["case", "", "median", "fastest", "target"], rows, words=2)


def products(result: dict[str, Any]) -> Table:
    """Matrix products of training's shapes beside a large one."""
    rates, large = result["products"], result["products"][LARGE]
    rows = [[shape, f"{rate:.0f}", f"{rate / large:.0%}", ""] for shape, rate in rates.items()]
    for name, case in result["cases"].items():
        each, work = case["seconds"][OURS][STAGES[0]]["median"] / ITERATIONS, result["work"][name]
        did, share = 1e-9 * work["flops"] / each, work["product_seconds"] / each
        rows.append([f"training: {name}", f"{did:.0f}", f"{did / large:.0%}", f"{share:.0%}" if share else ""])
    note = (
        "Best of several, on one core, in a compiled loop. Training: all products of an iteration over the time of everything. "
        "Share: how much of that time the products between hidden layers would take at the rates above."
    )
    return Table(
        "How near the products come to the machine's rate", note, ["", "GFLOP/s", "of the large", "share"], rows
    )


INTRODUCTION = """\
# Speed

Written by `python -m benchmarks.speed --write`; `make bench` measures again. The peers are in `benchmarks/peers/`: the same
algorithm, each as a good user of its library would write it, on random numbers of its own. PyTorch eager is the best of one and
two threads, of Adam as a loop, foreach and fused, and of dropout by `nn.Dropout` and by masks drawn in bulk; *with nn.Dropout* is
the same with the module. torch.compile compiles a whole iteration: gradients from `torch.func` and Adam written out, for
`loss.backward()` and `torch.optim` would break its graph.

What the peers leave out: norms of gradients, samples of the batches, checkpoints and the watch for divergence, all of which
gan1d keeps.

Measured on: {machine}.
"""


def page(result: dict[str, Any]) -> str:
    """docs/speed.md."""
    machine = ", ".join(f"{name} {value}" for name, value in result["machine"].items())
    return "\n".join([INTRODUCTION.format(machine=machine), *(markdown(table) for table in tables(result))])
