"""Routes as labels of Traefik, which its Docker provider reads from the containers."""
