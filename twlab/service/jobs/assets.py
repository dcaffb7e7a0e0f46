"""What is remembered of files: their content hash, the asset at the service, pieces that arrived.

Three tables beside the jobs in the ledger's file. None of it is paid for; all of it saves doing
work again: hashing a film, uploading it, uploading a piece of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twlab.service.jobs.locks import is_alive

if TYPE_CHECKING:
    from twlab.service.jobs.ledger import Ledger

__all__ = ["Assets"]

_AT = "WHERE account = ? AND content = ?"


class Assets:
    """The tables of files, assets and pieces of one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def recall_hash(self, path: str, stamp: str) -> str | None:
        """The content hash of a file that has not changed since."""
        with self._ledger.reading() as db:
            row = db.execute("SELECT stamp, content FROM files WHERE path = ?", (path,))
            found = row.fetchone()
        return found["content"] if found and found["stamp"] == stamp else None

    def remember_hash(self, path: str, stamp: str, content: str) -> None:
        """Keep a content hash."""
        with self._ledger.change() as db:
            db.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (path, stamp, content))

    def content_of(self, account: str, asset_id: str) -> str | None:
        """The content of an asset that was sent from here; None of any other."""
        of_asset = "SELECT content FROM assets WHERE account = ? AND asset_id = ?"
        with self._ledger.reading() as db:
            row = db.execute(of_asset, (account, asset_id)).fetchone()
        return str(row["content"]) if row else None

    def claim_asset(self, account: str, content: str, run: str) -> dict[str, Any] | None:
        """The asset's row, now the run's; None while another live run uploads it."""
        with self._ledger.change() as db:
            place = (account, content)
            db.execute("INSERT OR IGNORE INTO assets (account, content) VALUES (?, ?)", place)
            row = dict(db.execute(f"SELECT * FROM assets {_AT}", place).fetchone())
            if row["owner"] not in (None, run) and is_alive(self._ledger.runs, row["owner"]):
                return None
            db.execute(f"UPDATE assets SET owner = ? {_AT}", (run, *place))
            return row

    def update_asset(self, account: str, content: str, **values: Any) -> None:
        """Change fields of an asset's row."""
        names = ", ".join(f"{name} = ?" for name in values)
        with self._ledger.change() as db:
            db.execute(f"UPDATE assets SET {names} {_AT}", (*values.values(), account, content))

    def parts(self, upload_id: str) -> dict[int, tuple[str, bool]]:
        """Pieces that have arrived: number -> (etag, whether the service was told)."""
        with self._ledger.reading() as db:
            rows = db.execute("SELECT * FROM parts WHERE upload_id = ?", (upload_id,))
            return {row["number"]: (row["etag"], bool(row["reported"])) for row in rows}

    def add_part(self, upload_id: str, number: int, etag: str) -> None:
        """Write down that a piece has arrived."""
        with self._ledger.change() as db:
            db.execute(
                "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, 0)", (upload_id, number, etag)
            )

    def drop_part(self, upload_id: str, number: int) -> None:
        """Write down that a piece has to be sent again."""
        with self._ledger.change() as db:
            db.execute("DELETE FROM parts WHERE upload_id = ? AND number = ?", (upload_id, number))

    def mark_reported(self, upload_id: str, numbers: list[int]) -> None:
        """Write down that the service was told of pieces."""
        with self._ledger.change() as db:
            db.executemany(
                "UPDATE parts SET reported = 1 WHERE upload_id = ? AND number = ?",
                [(upload_id, number) for number in numbers],
            )

    def forget_upload(self, upload_id: str) -> None:
        """Drop the pieces of a session that is over."""
        with self._ledger.change() as db:
            db.execute("DELETE FROM parts WHERE upload_id = ?", (upload_id,))
