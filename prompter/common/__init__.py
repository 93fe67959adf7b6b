"""What does every package of the core need?

clock          the time, as a part that tests replace
errors         errors that use cases raise
safe_errors    unexpected errors described without customers' texts or tokens
shutdown       waiting that ends early when the program stops
"""
