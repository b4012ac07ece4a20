"""What SnapStart saves a function whose imports are heavy."""

import time
from collections.abc import Callable
from pathlib import Path

from bench.heavy_function import heavy
from bench.ingle_peer import InglePeer
from bench.load import invoke_once
from bench.processes import Keeper
from bench.settings import Settings
from bench.stats import Results, summarise

FUNCTION = "heavy"
PLAIN = "plain"
RESTORED = "restored"


def measure_snapstart(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """Times cold starts of one function, as it is and as a version with SnapStart, in turns, as
    `snapstart.plain` and `snapstart.restored`.

    Before each one, the sandbox that answered last is made to end, and an answer counts only when
    it is the first of its sandbox.

    Raises:
        BenchError: the function could not be deployed or published, or answered wrongly.
    """
    peer = InglePeer(keeper, folder / InglePeer.name)
    peer.start()
    seconds: dict[str, list[float]] = {PLAIN: [], RESTORED: []}
    with peer.blamed():
        peer.deploy_program([FUNCTION], heavy())
        versions = {PLAIN: None, RESTORED: peer.publish(FUNCTION)}
        for _ in range(settings.snapstart_samples):
            for kind, version in versions.items():
                peer.end_sandbox(FUNCTION, version)
                time.sleep(settings.runtime_pause_s)
                seconds[kind].append(invoke_once(peer.endpoint(FUNCTION, version)))
            step()
    peer.stop()
    results: Results = {}
    for kind, samples in seconds.items():
        results |= summarise(f"snapstart.{kind}", samples)
    return results
