"""May a request from outside be served?

The checks that both HTTP faces share; it knows neither of them.

    origins, hosts, cookies                  which site asks, under which name, with which cookies
    addresses, rate_limit                    whose request it is, and how many there may be
    body_limit, header_limit, connections    how large and how slow a client may be
    headers, problems                        security headers and the shape of an error
    server                                   uvicorn with these bounds
"""
