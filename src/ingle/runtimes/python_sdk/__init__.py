"""boto3 and what it needs, which Python functions need not bring along.

Where the function's Python is one that Ingle's own boto3 supports, that one is shown (`bundled`).
For an older Python, the last boto3 that supports it is fetched with pip (`older`). Either way byte
code is made ahead (`bytecode`), by the very interpreter that will read it.
"""
