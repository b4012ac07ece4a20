"""Answers what is no answer, or does not answer, and ends in odd places."""

import json
import os
import sys
import threading


class Lying(dict):
    """A dict that is not what it says."""

    def __len__(self):
        return -1

    def items(self):
        raise SystemError("no items")


class Strange(str):
    """Text that ends the process when it is looked at."""

    def __str__(self):
        os._exit(5)


def nested(depth):
    """A list in a list in a list."""
    value = []
    for _ in range(depth):
        value = [value]
    return value


def deeper():
    """The same, deeper than the stack, with nothing to stop it."""
    sys.setrecursionlimit(1 << 30)
    return nested(1_000_000)


def circle():
    """A list in itself."""
    value = []
    value.append(value)
    return value


def raising(error):
    """Raise what handlers do not usually."""
    raise {
        "SystemExit": SystemExit(3),
        "KeyboardInterrupt": KeyboardInterrupt(),
        "GeneratorExit": GeneratorExit(),
        "MemoryError": MemoryError("none"),
        "RecursionError": RecursionError("deep"),
    }[error]


def in_a_thread():
    """End the process from a thread while the handler waits."""
    threading.Timer(0.01, os._exit, (9,)).start()
    threading.Event().wait()


def after_the_answer():
    """End the process from a thread once the handler has answered."""
    threading.Timer(0.01, os._exit, (9,)).start()
    return "answered"


def never():
    """Never answer."""
    threading.Event().wait()


def long_error():
    """Fail with more words than an answer may have."""
    raise RuntimeError("x" * 10_000_000)


def strange_error():
    """Fail with an error that fails."""

    class Failing(Exception):
        def __str__(self):
            raise ValueError("no words")

    raise Failing


def endless_trace():
    """Fail at the end of a long way."""
    sys.setrecursionlimit(50_000)

    def fall(depth):
        if depth == 0:
            raise RuntimeError("down")
        fall(depth - 1)

    fall(20_000)


def replaced_runtime():
    """Put one's own code in the place of the runtime's."""
    modules = [module for name, module in sys.modules.items() if "ingle" in name]
    for module in modules:
        for name in dir(module):
            if not name.startswith("__"):
                setattr(module, name, None)
    json.dumps = json.loads = lambda *_, **__: '"replaced"'
    sys.stdout = sys.stderr = None
    os.write = lambda *_: 1 / 0
    return "replaced"


def removed_modules():
    """Take every module away."""
    sys.modules.clear()
    sys.path.clear()
    return "removed"


ANSWERS = {
    "an integer of 4,000 digits": lambda: 10**3999,
    "an integer of 10,000 digits": lambda: 10**9999,
    "not a number": lambda: float("nan"),
    "infinity": lambda: [float("inf"), -float("inf")],
    "a surrogate": lambda: "\ud800",
    "a pair of surrogates": lambda: "\ud83d\ude00",
    "a surrogate as a key": lambda: {"\udfff": 1},
    "a thousand levels": lambda: nested(1_000),
    "a million levels": lambda: nested(1_000_000),
    "a circle": circle,
    "a lying dict": lambda: Lying(a=1),
    "a key that is none": lambda: {(1, 2): 3},
    "strange text": lambda: Strange("x"),
    "nul": lambda: "\0" * 100,
    "a generator": lambda: (n for n in range(3)),
}


def handler(event, context):
    """Attack in the way that the event names."""
    if event == "fine":
        return context.log_stream_name
    way, *arguments = event
    if way in ANSWERS:
        return ANSWERS[way]()
    return globals()[way](*arguments)
