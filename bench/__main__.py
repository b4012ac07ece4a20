"""`python -m bench`: measures Ingle and its peers in one run and reports it."""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import heavy_function, markdown, peer_environment, report, terminal
from bench.errors import BenchError
from bench.functions_framework_peer import FunctionsFrameworkPeer
from bench.ingle_peer import InglePeer
from bench.ministack_peer import MinistackPeer
from bench.peers import Peer
from bench.processes import Keeper
from bench.settings import FULL, INGLE_ONLY, PEERS, QUICK, STAGES, Settings
from bench.stages import Run
from bench.stats import Results
from bench.targets import judge, load_targets

KINDS: dict[str, type[Peer]] = {
    kind.name: kind for kind in (InglePeer, FunctionsFrameworkPeer, MinistackPeer)
}
OUTPUT = Path(__file__).resolve().parent / "results.md"


def main() -> int:
    """Returns the exit status: 0, or 1 for a failed run or, with --strict, a missed target."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    console = Console(stderr=True)
    settings = QUICK if options.quick else FULL
    try:
        results, left_out = run(settings, options.only, options.peers, console)
    except (BenchError, OSError) as error:
        console.print(f"bench: {error}", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("bench: interrupted; every server was ended", style="red")
        return 130
    verdicts = [judge(target, results) for target in load_targets()]
    tables = report.tables(results, verdicts, settings, left_out)
    terminal.show(tables)
    whole = set(options.only) == set(STAGES) and set(options.peers) == set(PEERS)
    output: Path | None = options.output or (OUTPUT if whole and not options.quick else None)
    if output is not None:
        versions = [f"Ingle {version('ingle')}", *peer_environment.versions(options.peers)]
        if any(name.startswith("snapstart.") for name in results):
            versions += heavy_function.versions()
        output.write_text(markdown.page(tables, versions, datetime.now(UTC)))
    missed = [verdict for verdict in verdicts if verdict.reached is not True]
    return 1 if options.strict and missed else 0


def run(
    settings: Settings, stages: Sequence[str], peers: Sequence[str], console: Console
) -> tuple[Results, Mapping[str, str]]:
    """Measures the chosen stages of the chosen peers; leaves no process and no file behind.

    Returns:
        The figures, and why a stage was left out, by its name.

    Raises:
        BenchError: a peer could not be installed, started or ended, or answered wrongly.
    """
    if set(stages) - INGLE_ONLY and set(peers) - {InglePeer.name}:
        with console.status("Installing the peers into bench/.peers …"):
            peer_environment.ensure()
    if "snapstart" in stages and InglePeer.name in peers:
        with console.status("Installing numpy and pandas into bench/.functions …"):
            heavy_function.ensure()
    with (
        tempfile.TemporaryDirectory(prefix="ingle-bench-") as name,
        Keeper() as keeper,
        _progress(console) as progress,
    ):
        measured = Run(keeper, Path(name), settings, [KINDS[each] for each in peers], progress)
        measured.measure(stages)
    return measured.results, measured.left_out


def _progress(console: Console) -> Progress:
    # Few refreshes: drawing must not take the processor from what is measured.
    return Progress(
        TextColumn("{task.description:24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        refresh_per_second=1,
        disable=not console.is_terminal,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure Ingle side by side with functions-framework and ministack.",
        epilog="Example: python -m bench --quick --only cold,warm --peers ingle,ministack",
    )
    parser.add_argument("--quick", action="store_true", help="few samples: a few minutes")
    parser.add_argument(
        "--only",
        type=_choice(STAGES),
        default=list(STAGES),
        metavar="STAGE,…",
        help=f"what to measure, of {', '.join(STAGES)} (default: all)",
    )
    parser.add_argument(
        "--peers",
        type=_choice(PEERS),
        default=list(PEERS),
        metavar="PEER,…",
        help=f"whom to measure, of {', '.join(PEERS)} (default: all)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="where the report goes (default: bench/results.md after a whole run, else nowhere)",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit with status 1 unless every target was measured and reached",
    )
    return parser


def _choice(allowed: Sequence[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        chosen = text.split(",")
        unknown = [name for name in chosen if name not in allowed]
        if unknown:
            raise argparse.ArgumentTypeError(
                f"{', '.join(unknown)}: not one of {', '.join(allowed)}"
            )
        return [name for name in allowed if name in chosen]

    return parse


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
