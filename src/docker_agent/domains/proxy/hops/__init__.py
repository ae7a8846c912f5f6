"""The hops of a request: each looks at one part of the way through a proxy and says how it is."""
