"""Makes processes without end, kills what it can, and leaves some behind."""

import os
import signal
import subprocess
import threading
import time

from lab import outcome, outcomes

CAUGHT = [n for n in range(1, 65) if n not in (9, 19, 32, 33)]


def forever():
    """Do nothing until one is killed."""
    while True:
        signal.pause()


def fork_bomb():
    """Fork without end, in every process."""
    while True:
        try:
            os.fork()
        except OSError:
            pass


def thread_bomb():
    """Start threads without end."""
    while True:
        try:
            threading.Thread(target=forever_asleep, daemon=True).start()
        except RuntimeError:
            time.sleep(0.01)


def forever_asleep():
    """Sleep."""
    while True:
        time.sleep(1000)


def busy():
    """Use every processor, in many processes and threads."""
    for _ in range(16):
        if os.fork() == 0:
            threading.Thread(target=spin).start()
            spin()
    spin()


def spin():
    """Count."""
    while True:
        pass


def spawn_storm():
    """Start programs as fast as possible."""
    while True:
        subprocess.run(["/bin/true"])


def stubborn():
    """Ignore every signal, in a family of processes that start each other again."""
    for number in CAUGHT:
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            continue
    for _ in range(8):
        if os.fork() == 0:
            os.setsid()
            break
    while True:
        time.sleep(0.05)


def signals():
    """Send signals to everyone; return what became of each."""
    for number in CAUGHT:
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            continue
    attempts = {}
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL, signal.SIGSTOP):
        attempts[f"everyone {number}"] = lambda n=number: os.kill(-1, n)
        attempts[f"the first {number}"] = lambda n=number: os.kill(1, n)
        for pid in (2, 3, 4, 100, os.getpid() + 1):
            attempts[f"{pid} {number}"] = lambda n=number, pid=pid: os.kill(pid, n)
    return outcomes(attempts)


def group(name):
    """Send a signal to the group that it was born into, which others may belong to as well."""
    own = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    result = outcome(lambda: os.kill(0, getattr(signal, name)))
    signal.signal(signal.SIGTERM, own)
    return result


def less_important():
    """Have the whole group get less of the processors."""
    return outcome(lambda: os.setpriority(os.PRIO_PGRP, 0, 19))


def daemons(mark):
    """Leave processes behind that have cut every tie to this one."""
    script = "trap '' HUP INT TERM; while :; do sleep 1; done"
    for _ in range(4):
        pid = os.fork()
        if pid == 0:
            os.setsid()
            if os.fork() == 0:
                null = os.open("/dev/null", os.O_RDWR)
                for fd in (0, 1, 2):
                    os.dup2(null, fd)
                os.closerange(3, 1024)
                os.execv("/bin/sh", ["/bin/sh", "-c", script, mark])
            os._exit(0)
        os.waitpid(pid, 0)
    return "left"


def daemons_and_hang(mark):
    """Leave processes behind, and then never answer."""
    daemons(mark)
    forever_asleep()


def daemons_and_exit(mark):
    """Leave processes behind, and then end."""
    daemons(mark)
    os._exit(1)


def become_another(mark):
    """Replace the bootstrap by a program that never answers."""
    os.execv("/bin/sh", ["/bin/sh", "-c", "while :; do sleep 1; done", mark])


def stop():
    """Stop oneself, and all one's threads and children."""
    for _ in range(4):
        if os.fork() == 0:
            forever()
    os.kill(-1, signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGSTOP)
    forever_asleep()


def important():
    """Ask for more of the processors than others get."""
    attempts = {
        f"policy {policy}": lambda policy=policy: os.sched_setscheduler(
            0, policy, os.sched_param(1)
        )
        for policy in (os.SCHED_FIFO, os.SCHED_RR)
    }
    attempts["priority"] = lambda: os.setpriority(os.PRIO_PROCESS, 0, -20)
    return outcomes(attempts)


def overwrite(target):
    """Write over the code that runs the bootstrap."""
    with open("/proc/self/maps") as file:
        spans = [line.split() for line in file if "r-xp" in line and "vdso" not in line]
    with open(f"/proc/{target}/mem", "r+b", buffering=0) as memory:
        for span, *_ in spans:
            start, end = (int(each, 16) for each in span.split("-"))
            try:
                memory.seek(start)
                memory.write(b"\xcc" * (end - start))
            except (OSError, ValueError):
                continue
    return "alive"


def handler(event, context):
    """Attack in the way that the event names; what it has besides are the arguments."""
    if event == "fine":
        return context.log_stream_name
    way, *arguments = event
    return globals()[way](*arguments)
