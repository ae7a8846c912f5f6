"""A change of a route, from what somebody asks for to the plan, its edits and the look that ends it."""
