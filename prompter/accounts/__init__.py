"""Who may log in, and until when?

service      accounts, roles, API tokens
passwords    which passwords are refused as easy to guess
roles        whether an account has a role
sessions     browsers that are logged in
idempotency  repeated requests of programs are carried out once
last_seen    when a session or a token was last used
"""
