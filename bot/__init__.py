"""How do customers' messages reach us, and how do our replies reach them?

Faces only: they translate between a messenger and the core, and hold no rules.

    channel              the interface: sends a reply, and tells by its errors whether it may have arrived
    telegram, webchat    one package per channel
    delivery             takes replies from the outbox and hands them to their channel
    buttons, names       the buttons under an automated answer, and customers' names made safe to store
"""
