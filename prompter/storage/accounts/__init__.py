"""Which rows hold accounts?

accounts        people and their API tokens
sessions        browsers that are logged in
login_counts    failed logins, under keyed hashes
idempotency_keys    requests of programs, under keyed hashes, with their answers
"""
