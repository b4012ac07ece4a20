"""What holds for all tests."""

import signal

from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("ingle", deadline=None)
settings.load_profile("ingle")

# Shells start what runs in the background with Ctrl-C ignored, which every child would inherit.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
