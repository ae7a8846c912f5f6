"""How each proxy divides a service's traffic between two versions while a release is under way."""
