"""Run the command line as `python -m docker_agent`."""

from __future__ import annotations

from docker_agent.surfaces.entry import main

if __name__ == "__main__":
    main()
