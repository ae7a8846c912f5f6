"""How a report is written out: one file a format, found by its name, each with one function `render`."""
