"""Ask the application beside it whether it is healthy; the exit code is the answer."""

import socket
import sys

with socket.create_connection(("127.0.0.1", 8080), timeout=1.5) as connection:
    connection.sendall(b"GET /health HTTP/1.1\r\nHost: health\r\nConnection: close\r\n\r\n")
    sys.exit(0 if b" 200 " in connection.recv(64) else 1)
