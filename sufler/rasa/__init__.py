"""How is Rasa set up, started and asked?

environment                     Rasa's own environment, and the start of Rasa in it
engine                          Rasa as the dialogue engine, over its HTTP API
custom_actions, order_lookup    the team's own action server, and the lookup of orders
form_checks                     the forms that Sufler checks
token, wiring                   Rasa's token for Sufler; parts built from the settings
"""
