"""The pages where people decide what the bot learns."""
