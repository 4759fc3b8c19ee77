"""How the tools print and end: output that cannot be written never ends work, and a program ends with the exit code that
its callers expect.

Work continues without a reader (`say`, `note`). A listing is the result itself (`show`): it ends quietly, with exit
code 0, if its reader has gone (`| head -1`), and any other failure is an error.
"""

import os
import sys

# The trainer's exit code when other processes are still working on some of the runs.
ELSEWHERE = 75


def say(text):
    """Prints a line about the work on standard error."""
    write(sys.stderr, text)


def note(text):
    """Prints a line about the work on standard output."""
    write(sys.stdout, text)


def show(text):
    """Prints a listing, or a part of one, on standard output."""
    print(text, flush=True)


def write(stream, text):
    if stream is None:  # closed before this program began
        return
    try:
        print(text, file=stream, flush=True)
    except (OSError, ValueError):
        silence(stream)


def silence(stream):
    """Discards what is left in a buffer; otherwise Python would try to write it again at exit, and fail with exit code
    120."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        pass


def of(main, *arguments):
    """Runs a tool's `main` and ends the process: with 130 after Ctrl-C, and with only the reason where a listing cannot be
    written."""
    try:
        code = main(*arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = 0
    except OSError as error:
        say("%s: %s" % (os.path.basename(sys.argv[0]), error))
        code = 1
    except SystemExit as end:
        code = end.code
        if isinstance(code, str):
            say(code)
            code = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            silence(stream)
    sys.exit(code)
