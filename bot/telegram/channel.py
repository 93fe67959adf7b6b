"""Send replies to Telegram and report the outcome."""

from telegram import InlineKeyboardMarkup
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, TelegramError

from bot.channel import NotAccepted, OutcomeUnknown, PermanentFailure
from bot.telegram.client import BrokenServer, NeverReached, TelegramClient, TooManyRequests
from bot.telegram.formatting import formatted
from bot.telegram.keyboard import keyboard
from prompter.conversations.delivery import OutgoingMessage
from prompter.text.translations import supported_language

_NO_TOPIC = "message thread not found"


class TelegramChannel:
    """Sends by sendMessage, which has no idempotency key: if its response is lost, the outcome is unknown.

    `language` is used for the buttons of customers whose language is unknown.
    """

    name = "telegram"
    idempotent = False

    def __init__(self, client: TelegramClient, *, language: str) -> None:
        self._client = client
        self._language = language

    async def send(self, message: OutgoingMessage) -> str:
        try:
            chat_id = int(message.chat_id)
        except ValueError:
            raise PermanentFailure("this is not a Telegram chat") from None
        buttons = None
        if message.offers_operator:
            buttons = keyboard(message.id, supported_language(message.language, self._language))
        try:
            return str(await self._send(chat_id, message, buttons))
        except TooManyRequests as error:
            raise NotAccepted(error.message, retry_after=error.retry_after) from None
        except NeverReached as error:
            raise NotAccepted(f"Telegram cannot be reached ({error.message})") from None
        except (InvalidToken, Conflict) as error:
            raise NotAccepted(f"Telegram does not accept our token ({type(error).__name__})") from None
        except (Forbidden, BadRequest, ChatMigrated) as error:
            raise PermanentFailure(f"Telegram refuses the message: {error.message}") from None
        except BrokenServer as error:
            raise OutcomeUnknown(f"Telegram answered with an error ({error.message})") from None
        except TelegramError as error:
            cause = error.__cause__ or error
            raise OutcomeUnknown(f"no answer from Telegram ({type(cause).__name__})") from None

    async def _send(
        self, chat_id: int, message: OutgoingMessage, buttons: InlineKeyboardMarkup | None
    ) -> int:
        """Send into the topic that the message belongs to, or into the chat if the topic is gone."""
        thread_id = int(message.thread_id) if message.thread_id is not None else None
        text, entities = formatted(message.text, message.marks)
        try:
            return await self._client.send(
                chat_id, text, entities=entities, buttons=buttons, thread_id=thread_id
            )
        except BadRequest as error:
            if thread_id is None or _NO_TOPIC not in error.message.lower():
                raise
        return await self._client.send(chat_id, text, entities=entities, buttons=buttons)
