"""How do people and programs reach the core over HTTP?

app, services                                      the application, and the services it is built from
routes, schemas, docs                              the JSON API, its shapes and its documentation
desk                                               the pages
auth, login, cookies, throttle, password_checks    permissions, logins and their limits
idempotency                                        repeated requests are carried out once
errors, methods                                    status and message of an error
metrics, ready                                     figures for Prometheus; the checks of /ready
"""
