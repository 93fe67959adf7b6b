"""Replies to Telegram, and what became of them."""

from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, TelegramError

from bot.channel import FateUnknown, NotTaken, Refused
from bot.telegram.client import BrokenServer, NeverReached, TelegramClient, TooManyRequests
from prompter.deliveries import OutgoingMessage


class TelegramChannel:
    """sendMessage knows no idempotency key: a request whose answer is lost has an unknown fate."""

    name = "telegram"
    idempotent = False

    def __init__(self, client: TelegramClient) -> None:
        self._client = client

    async def send(self, message: OutgoingMessage) -> str:
        try:
            chat_id = int(message.chat_id)
        except ValueError:
            raise Refused("this is no Telegram chat") from None
        try:
            return str(await self._client.send(chat_id, message.text))
        except TooManyRequests as error:
            raise NotTaken(error.message, retry_after=error.retry_after) from None
        except NeverReached as error:
            raise NotTaken(f"Telegram cannot be reached ({error.message})") from None
        except (InvalidToken, Conflict) as error:
            raise NotTaken(f"Telegram does not accept our token ({type(error).__name__})") from None
        except (Forbidden, BadRequest, ChatMigrated) as error:
            raise Refused(f"Telegram refuses the message: {error.message}") from None
        except BrokenServer as error:
            raise FateUnknown(f"Telegram answered with an error ({error.message})") from None
        except TelegramError as error:
            cause = error.__cause__ or error
            raise FateUnknown(f"no answer from Telegram ({type(cause).__name__})") from None
