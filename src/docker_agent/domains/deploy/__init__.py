"""Deployments of a whole stack: gates that stop a bad one, services in their order, a record, and the way back."""
