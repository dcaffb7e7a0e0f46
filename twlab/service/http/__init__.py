"""One request after another: the key, the rate limit, endpoints, retries, errors. No tables."""
