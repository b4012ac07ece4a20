"""Is deployed with variables that lead linkers and interpreters elsewhere."""

import json
import os
import subprocess
import sys

PREPARED = "/tmp/evil"


def prepare():
    """Put code where the variables of this function point to."""
    os.makedirs(PREPARED, exist_ok=True)
    for name in ("json", "os", "site", "sitecustomize", "usercustomize", "startup", "lab"):
        with open(f"{PREPARED}/{name}.py", "w") as file:
            file.write("raise SystemExit('evil')\n")
    with open(f"{PREPARED}/evil.so", "wb") as file:
        file.write(b"\x7fELF nonsense")


def handler(event, context):
    """Tell whose code this is and what its children make of the variables."""
    prepare()
    with open("/proc/self/status") as file:
        text = file.read()
    child = subprocess.run(
        [sys.executable, "-c", "print('child')"], capture_output=True, text=True, check=False
    )
    return {
        "event": event,
        "json": json.__file__,
        "runtime": sorted(
            module.__file__
            for name, module in sys.modules.items()
            if "ingle" in name and getattr(module, "__file__", None)
        ),
        "capabilities": [line.split()[1] for line in text.splitlines() if "CapEff" in line],
        "child": child.returncode,
        "variables": {key: os.environ.get(key) for key in event or ()},
        "length": sum(len(key) + len(value) for key, value in os.environ.items()),
    }
