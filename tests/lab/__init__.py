"""The lab starts a real Docker Engine and makes test images without any image registry.

`python -m tests.lab up` finds or starts an engine and prints the variables that lead to it;
`run -- CMD` does the same around one command; `images NAME...` makes images; `down` stops what `up` started.
DOCKER_AGENT_LAB_HOME and DOCKER_AGENT_LAB_RUN move its directories, but two engines of one
network namespace would share a bridge, so give a second one a namespace of its own.
"""
