"""May a request from outside be served?

The checks that both HTTP faces share; it knows neither of them.

    origins, hosts, cookies                  the site that sends a request, our host names, exact cookies
    addresses, rate_limit                    the client's address and the limits on its requests
    body_limit, header_limit, connections    limits on the size and the slowness of a client
    headers, problems                        security headers and the shape of an error
    server                                   uvicorn with these bounds
"""
