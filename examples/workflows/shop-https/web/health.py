# ruff: noqa: INP001
"""The health check: the application answers 200."""

import sys
import urllib.request

sys.exit(0 if urllib.request.urlopen("http://127.0.0.1:8080/", timeout=2).status == 200 else 1)
