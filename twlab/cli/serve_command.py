"""``twlab serve``: a store for agents, by the Model Context Protocol on standard input.

Nothing but the protocol goes to standard output. Nothing can be written, nothing is paid for
unless words are allowed at the start, and no film is opened that was not named there.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from twlab.cli.commands import add_command
from twlab.cli.own_films import list_films, match_films, tell_lengths
from twlab.cli.pipes import check_input
from twlab.cli.store_commands import add_store_option, open_archive

if TYPE_CHECKING:
    import argparse

__all__ = ["add_serve_command"]

SERVE_EXAMPLES = """\
  twlab serve --store archive
  twlab serve --store archive --film films/ --film trailer.mp4
  twlab serve --store archive --words          # search for words, which the service is paid for
"""


def add_serve_command(commands: Any) -> None:
    """Add the command to the parser's."""
    serve = add_command(
        commands,
        "serve",
        "answer an agent's questions about a store (MCP, over standard input and output)",
        examples=SERVE_EXAMPLES,
    )
    add_store_option(serve)
    serve.add_argument(
        "--film",
        action="append",
        metavar="FILE",
        default=[],
        help="film, or folder of films, of which pictures may be shown",
    )
    serve.add_argument(
        "--words", action="store_true", help="let search embed words, which costs money"
    )
    serve.add_argument("--model", metavar="NAME", help="of a store that names none, for words")
    serve.set_defaults(run=_run_serve)


def _run_serve(chosen: argparse.Namespace) -> int:
    """Serve until standard input ends."""
    from twlab.cli.agent_door import AgentDoor, make_server
    from twlab.service.client import Client
    from twlab.table.conditions import quote

    check_input()
    films = list_films(chosen.film)
    store = open_archive(chosen.store)
    paid = Client() if chosen.words else nullcontext()
    with paid as client:
        named = match_films(store.videos(), films)
        if named:
            own = f"video_id IN ({', '.join(map(quote, named))})"
            tell_lengths(store.to_table(own, columns=["video_id", "start_sec", "end_sec"]), named)
        door = AgentDoor(store, films=named, client=client, model_name=chosen.model)
        server = make_server(door)
        logging.getLogger("mcp").setLevel(logging.WARNING)
        server.run()
    return 0
