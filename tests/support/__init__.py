"""What acceptance tests, fault tests and benchmarks share: a server of their own."""
