"""The Python runtime: what runs inside a sandbox, from zygote to handler.

These modules are mounted into the sandbox as the package `ingle_runtime` and run under the
function's own interpreter, so they use the standard library only, nothing newer than Python 3.8,
and nothing of Ingle outside this folder.
"""
