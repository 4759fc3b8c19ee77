#!/usr/bin/env python3
"""Tests whether any server that has the images can be reached, while `data-prep`, which knows more, is still being built.

Without a network, the user is told within seconds, and told what to do. Only a connection is tried, to a server or to
the proxy before it: data-prep judges everything else.
"""

import os
import queue
import socket
import sys
import threading
import time
import urllib.parse
import urllib.request

import outcome

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# As in data-prep/src/find/source.rs; a test compares them.
HUGGING_FACE = "https://huggingface.co"
AUTHORS = "https://www.cs.toronto.edu/~kriz/"
# Also for data-prep, which prints it where its own attempts fail.
ADVICE = os.path.join(ROOT, "data-prep", "src", "find", "offline.txt")
CONNECT_SECONDS = 15
ALL_SECONDS = 20


def main():
    servers = [os.environ.get("HF_ENDPOINT") or HUGGING_FACE, AUTHORS]
    answers, reasons, end = queue.Queue(), [], time.monotonic() + ALL_SECONDS
    for server in servers:
        # As a daemon thread, because a name lookup cannot be cancelled.
        threading.Thread(target=lambda url=server: answers.put(hindrance(url)), daemon=True).start()
    for _ in servers:
        try:
            reason = answers.get(timeout=max(0, end - time.monotonic()))
        except queue.Empty:
            reason = "no answer within %d s" % ALL_SECONDS
        if reason is None:
            return
        reasons.append(reason)
    with open(ADVICE) as file:
        sys.exit("no server that has the images can be reached (%s)\n%s" % ("; ".join(reasons), file.read().rstrip()))


def hindrance(url):
    """Why no connection to a server can be made, or None if one can, or if data-prep may find a way."""
    try:
        host, port = gate(url)
        if not host:
            return None
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError as error:
        return "%s, port %d: %s" % (host, port, error)
    except (TypeError, ValueError):  # no host, no port, no name: data-prep reports what is wrong with an address
        pass
    return None


def gate(url):
    """Host and port of the server, or of the proxy that leads to it."""
    address = urllib.parse.urlsplit(url)
    proxies = urllib.request.getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all")
    if proxy and not urllib.request.proxy_bypass(address.hostname or ""):
        address = urllib.parse.urlsplit(proxy if "://" in proxy else "http://" + proxy)
    return address.hostname, address.port or (443 if address.scheme == "https" else 80)


if __name__ == "__main__":
    outcome.of(main)
