"""SOPs and long answers: fetch a procedure, read on in an answer that was cut, open further capabilities."""
