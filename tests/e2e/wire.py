"""A wire between the browser and the server that can be cut."""

import contextlib
import socket
import threading


class Wire:
    """Passes on what comes to a port of its own, until it is cut; mended, it does so again."""

    def __init__(self, port: int, *, key: str) -> None:
        self.key = key  # of the server at its end
        self._target = ("127.0.0.1", port)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        self.passed = 0  # bytes from the browser
        self._left: int | None = None  # bytes to the browser before it is cut; None: without end
        self._whole = threading.Event()
        self._whole.set()
        self._lock = threading.Lock()
        self._ends: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break what is open, and let nothing new through."""
        with self._lock:
            self._whole.clear()
            for end in self._ends:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def cut_after(self, size: int) -> None:
        """Cut it once so many more bytes have come to the browser: in the middle of something."""
        self._left = size

    def mend(self) -> None:
        self._left = None
        self._whole.set()

    def close(self) -> None:
        self.cut()
        self._door.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError):
            if not self._whole.is_set():
                return
            with socket.create_connection(self._target) as far:
                with self._lock:
                    self._ends |= {near, far}
                back = threading.Thread(target=self._pass, args=(far, near), daemon=True)
                back.start()
                self._pass(near, far, count=True)
                back.join()
                with self._lock:
                    self._ends -= {near, far}

    def _pass(self, one: socket.socket, other: socket.socket, *, count: bool = False) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(1 << 16):
                other.sendall(data)
                self.passed += len(data) * count
                if not count and self._left is not None:
                    self._left -= len(data)
                    if self._left <= 0:
                        self.cut()
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)
