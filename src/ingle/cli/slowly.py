"""Progress bars that show up only where something takes over a second."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PATIENCE_S = 1.0


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal's standard error after a second, and remove it at the end.

    Args:
        title: what is going on, for instance `Uploading`.
        total: how many steps (bytes, say) it takes; None where that is not known.

    Yields:
        A function that tells how many more steps are done.
    """
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    if not bar.console.is_terminal:
        yield lambda steps: None
        return
    task = bar.add_task(title, total=total)
    timer = threading.Timer(_PATIENCE_S, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda steps: bar.advance(task, steps)
    finally:
        timer.cancel()
        timer.join()
        bar.stop()
