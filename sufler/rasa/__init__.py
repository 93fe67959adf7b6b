"""How is Rasa set up, started and asked?

environment                     Rasa's own environment, and starting it there
engine                          Rasa as the dialogue engine, over its HTTP API
custom_actions, order_lookup    the team's own action server, and where orders are looked up
form_checks                     whether the domain has what a checked form names
token, wiring                   what Rasa needs to ask Sufler; parts from the settings
"""
