"""What may a request from outside do to us?  The checks that every HTTP face shares.

Origin of a request, address of a client, rates, sizes, headers. Both faces may import this package;
it knows neither of them.
"""
