"""What several rules share: what a model says in more than one place, findings of one kind, and fixes."""
