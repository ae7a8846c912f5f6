"""What several rules share: questions that they ask of a model, findings of one kind, and fixes."""
