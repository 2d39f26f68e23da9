"""Runs a program in a terminal of its own and does one thing once it has printed what is waited for.

Arguments: pattern, what to do (close: the terminal; nothing: let it end; anything else is typed, \\x03 is Ctrl-C),
program, its arguments. Prints {"code", "signal", "printed"} as JSON when the program has ended.
"""
import json
import os
import pty
import re
import sys
import time

PATIENCE = 60

pattern, action, *program = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(program[0], program)

printed = b""
done = False
until = time.time() + PATIENCE
while time.time() < until:
    try:
        chunk = os.read(terminal, 65536)
    except OSError:
        break
    if not chunk:
        break
    printed += chunk
    if not done and re.search(pattern.encode(), printed):
        done = True
        if action == "close":
            os.close(terminal)
            break
        if action != "nothing":
            os.write(terminal, action.encode().decode("unicode_escape").encode())

_, status = os.waitpid(child, 0)
print(
    json.dumps(
        {
            "code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            "printed": printed.decode("utf8", "replace"),
        }
    )
)
