"""How do people and programs reach the core over HTTP?

app, parts                                         the application, and the services it is built from
routes, schemas, docs                              the JSON API, its shapes and its documentation
desk                                               the pages
auth, login, cookies, throttle, password_checks    who may do what, and how often one may try
errors, methods                                    status and message of a refusal
metrics, ready                                     figures for Prometheus, /health and /ready
"""
