"""What is known of images, ports, capabilities and the host's paths, for rules to look up."""
