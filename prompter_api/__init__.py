"""How do people and programs reach the core by HTTP?

`app` puts it together; `routes` and `schemas` are the JSON API, `desk` its pages. `auth` and `login` say who
may do what, `errors` in which words a refusal is told, `metrics` and `ready` how the process does.
"""
