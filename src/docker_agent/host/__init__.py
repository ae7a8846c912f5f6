"""The outside world: Docker Engine, Compose, programs and files. The only room that imports docker and subprocess."""
