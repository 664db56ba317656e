"""Says in one line why the app cannot listen on a port, before anything is installed for it.

`python tools/port.py 8501` exits 0 if the port is free, else 1. Standard library only.
"""

import errno
import socket
import sys


def refusal(port: int) -> int | None:
    """Why nothing can listen on the port, on IPv4 or IPv6, as an errno; None if it is free."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            listener = socket.socket(family)
        except OSError:
            continue  # the machine does not know this family
        with listener:
            # A port whose last connection is still closing is free: the server sets the same option.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((address, port))
            except OSError as error:
                if error.errno != errno.EADDRNOTAVAIL:  # IPv6 without a loopback address
                    return error.errno
    return None


def main(text: str) -> str | None:
    """What to tell the user, or None if the port can be used."""
    if not (text.isdecimal() and 1 <= int(text) <= 65535):
        return f"PORT={text} is not a port; choose one from 1024 to 65535: PORT=8502 make app"
    port = int(text)
    reason = refusal(port)
    if reason is None:
        return None
    other = next((p for p in range(max(port, 1023) + 1, 65536) if refusal(p) is None), 8501)
    what = "is in use" if reason == errno.EADDRINUSE else "may not be used"
    return f"Port {port} {what}; choose another one: PORT={other} make app"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
