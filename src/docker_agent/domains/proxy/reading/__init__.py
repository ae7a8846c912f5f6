"""What runs says of itself: the state of Traefik, Nginx and Caddy, from their APIs and mounted files."""
