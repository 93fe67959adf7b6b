"""The command `sufler learn --from-history`: make proposals from past chats."""

from pathlib import Path

import typer

from sufler.cli.common import print_json
from sufler.cli.progress import progress_bar


def mine(path: Path, config: Path | None, as_json: bool) -> None:
    """Read a file of chats and make proposals from it. If a row is invalid, nothing is proposed."""
    from prompter.domain.drafts import ProposalKind
    from prompter.knowledge.chat_history_import import count_hint, mine_history, read_history
    from prompter.learning.proposing import propose_from_history
    from sufler import bootstrap
    from sufler.settings import load_settings

    settings = load_settings(config)
    with progress_bar("Reading", count_hint(path)) as advance:
        history = mine_history(read_history(path), progress=advance)
    with bootstrap.open_store(settings) as store:
        with progress_bar("Comparing", None) as advance:
            proposals = bootstrap.proposal_config(settings)
            report = propose_from_history(proposals, store, history, progress=advance)
        waiting = bootstrap.build_proposals(store).count_open()
    if as_json:
        print_json(
            {
                "messages": history.n_messages,
                "conversations": history.n_conversations,
                "questions": history.n_questions,
                "new": report.new,
                "grown": report.grown,
                "known": report.known,
                "waiting": {kind.value: waiting[kind] for kind in ProposalKind},
            }
        )
        return
    typer.echo(
        f"{history.n_messages} messages in {history.n_conversations} conversations, "
        f"{history.n_questions} different questions."
    )
    typer.echo(f"{report.new} new proposals, {report.grown} extended, {report.known} already known.")
