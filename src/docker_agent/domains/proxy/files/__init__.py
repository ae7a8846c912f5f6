"""The configuration files of Nginx and Caddy: read into directives, and written for sites and their routes."""
