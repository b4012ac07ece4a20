"""How long functions in further languages take to their first answer."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.lambda_peer import LambdaPeer
from bench.languages import Language
from bench.processes import Keeper
from bench.settings import Settings
from bench.starts import run_time
from bench.stats import Results, summarise

BARE = "bare"
SETTLE_S = 3.0
"""How long a server has after functions were deployed, to start what it starts ahead of time."""


def measure_runtimes(
    language: Language,
    kinds: Sequence[type[LambdaPeer]],
    keeper: Keeper,
    folder: Path,
    settings: Settings,
    step: Callable[[], None],
) -> Results:
    """Times first answers, and between them bare starts of the interpreter, as
    `runtimes.<language>.<peer>` and `runtimes.<language>.bare`.

    Only peers that run the language take part, each a server of its own that runs no other.
    """
    peers = [kind(keeper, folder / kind.name) for kind in kinds if language.name in kind.languages]
    functions = [f"cold-{number}" for number in range(settings.runtime_samples)]
    for peer in peers:
        peer.start()
        with peer.blamed():
            peer.deploy_program(functions, language.program)
    time.sleep(SETTLE_S)
    seconds: dict[str, list[float]] = {name: [] for name in (*(p.name for p in peers), BARE)}
    for function in functions:
        for peer in peers:
            time.sleep(settings.runtime_pause_s)
            with peer.blamed():
                seconds[peer.name].append(peer.cold_start(function))
        time.sleep(settings.runtime_pause_s)
        seconds[BARE].append(run_time(language.bare))
        step()
    for peer in peers:
        peer.stop()
    results: Results = {}
    for name, samples in seconds.items():
        results |= summarise(f"runtimes.{language.name}.{name}", samples)
    return results
