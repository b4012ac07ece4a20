"""Starts a server that leaves a stubborn process of another session behind, then stops it.

Prints the number of processes that had to be killed and whether the left one is gone.
"""

import sys
import time
from pathlib import Path

from bench.processes import Keeper, descendants, plain_environment, read_process

SERVER = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ready", os.getpid(), flush=True)
    time.sleep(600)
signal.pause()
"""


def main(folder: Path) -> None:
    with Keeper() as keeper:
        environment = plain_environment(folder)
        server = keeper.start(
            "server", [sys.executable, "-c", SERVER], folder=folder, environment=environment
        )
        while not (said := server.log.read_text()).endswith("\n"):
            server.check_running()
            time.sleep(0.001)
        left = int(said.split()[1])
        assert [process.pid for process in descendants([server.pid])] == [left]
        killed = keeper.stop(server)
        print(killed, read_process(left) is None)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
