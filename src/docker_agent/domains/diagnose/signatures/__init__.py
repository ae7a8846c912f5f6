"""How failures look, one file each; the docstring says the cause and what tells it from its look-alikes."""
