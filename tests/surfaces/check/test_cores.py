from __future__ import annotations

import os
import signal
import time

from docker_agent.surfaces.check.cores import on_all_cores

HERE = os.getpid()


def double(number: int) -> int:
    return number * 2


def double_here_only(number: int) -> int:
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.02)
    return number * 2


def test_results_come_in_the_order_of_the_items_even_where_processes_are_killed() -> None:
    expected = [number * 2 for number in range(9)]

    assert on_all_cores(double, range(9), 3) == expected
    assert on_all_cores(double_here_only, range(9), 3) == expected
