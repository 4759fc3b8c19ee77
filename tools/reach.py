#!/usr/bin/env python3
"""Whether any server that has the images can be reached: asked while `data-prep`, which knows more, is still being built.

Whoever has no network hears it within seconds then, and what to do. Only a connection is tried, to a server or to the proxy before it:
all else is data-prep's to judge.
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
# For data-prep too, which says it where its own attempts fail.
ADVICE = os.path.join(ROOT, "data-prep", "src", "find", "offline.txt")
CONNECT_SECONDS = 15
ALL_SECONDS = 20


def main():
    servers = [os.environ.get("HF_ENDPOINT") or HUGGING_FACE, AUTHORS]
    answers, reasons, end = queue.Queue(), [], time.monotonic() + ALL_SECONDS
    for server in servers:
        # As a daemon, because a name that is looked up cannot be given up.
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
    """Why no connection to a server stands, or None where one does or data-prep may find a way."""
    try:
        host, port = gate(url)
        if not host:
            return None
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError as error:
        return "%s, port %d: %s" % (host, port, error)
    except (TypeError, ValueError):  # no host, no port, no name: what is wrong with an address, data-prep says
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
