"""Sits at a terminal: runs a command on one, and types an answer wherever a prompt asks for it.

usage: console.py LOG -- COMMAND...     answers on standard input, a line each: PROMPT=ANSWER

A prompt is answered once, in the order of the lines; lines whose prompt never comes are not needed. The answer !close is the
terminal's end: it is closed, whatever the command makes of that. All that was shown goes to LOG. Ends as the command ends,
with 0 after a !close, or with 124 after ten minutes.
"""
import os
import pty
import select
import sys
import time

log, command = sys.argv[1], sys.argv[3:]
answers = [line.rstrip("\n").split("=", 1) for line in sys.stdin if "=" in line]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
shown = b""
unread = b""
end = time.monotonic() + 600
with open(log, "wb") as file:
    while True:
        if time.monotonic() > end:
            os.kill(child, 9)
            sys.exit(124)
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            some = os.read(terminal, 65536)
        except OSError:
            break
        if not some:
            break
        file.write(some)
        file.flush()
        unread += some
        for index, (prompt, answer) in enumerate(answers):
            if prompt.encode() in unread:
                time.sleep(0.2)
                if answer == "!close":
                    os.close(terminal)
                    sys.exit(0)
                os.write(terminal, answer.encode() + b"\n")
                unread = b""
                del answers[: index + 1]
                break
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
