"""The AWS SDKs for JavaScript as V8 compiled them, which saves functions a quarter of the time that
loading a client takes.

Only Ingle's own runs of Node.js write what sandboxes read: V8 believes compiled code.
"""

import asyncio
import shutil
from pathlib import Path

from ingle.runtimes import kept
from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.making import MakingError, run
from ingle.runtimes.nodejs.command import BOOTSTRAP, interpreter_command

GROWTHS = (50, 100)
"""The settings of the heap that `bootstrap/environment.cjs` chooses from: V8 refuses code that was
compiled under another one."""
_TIMEOUT_S = 120.0


async def compile_ahead(nodejs: Interpreter, packages: Path) -> None:
    """Compile the SDKs for a Node.js, unless that was done; takes some seconds.

    Args:
        nodejs: the Node.js.
        packages: the `node_modules` folder of the SDKs. The code is put beside the folder that it
            is in, about 10 MB for each Node.js.

    Raises:
        MakingError: Node.js failed, or took too long.
        OSError: the folder cannot be written.
    """
    sdk = packages.parent
    for growth in GROWTHS:
        target = sdk.parent / f"{sdk.name}-v{nodejs.version}-{growth}.compiled"
        if not await asyncio.to_thread(kept.find, target):
            await _compile(nodejs, sdk, growth, target)


async def _compile(nodejs: Interpreter, sdk: Path, growth: int, target: Path) -> None:
    aside = await asyncio.to_thread(kept.draft, sdk.parent)
    made = aside / "code"
    script = str(BOOTSTRAP / "compiling.cjs")
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            command = (*interpreter_command(nodejs), script, str(sdk), str(growth), str(made))
            await run(command, sdk)
        # Those for releases of the SDKs, or of this Node.js, that were there before.
        former = f"sdk-*-v{nodejs.version.split('.')[0]}.*-{growth}*.compiled"
        await asyncio.to_thread(kept.keep, made, target, former)
    except TimeoutError:
        raise MakingError("it took too long") from None
    finally:
        await asyncio.to_thread(shutil.rmtree, aside)
