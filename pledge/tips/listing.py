"""What stewards are shown of the threads without opening anything, as ``/stewards/inbox.json`` gives it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledge.accounts.models import Account
from pledge.tips.models import Message, Thread
from pledge.tips.rows import ListedMessage, ListedThread


def list_threads(session: Session) -> list[ListedThread]:
    """Give all threads, those that moved last first, with their messages in order."""
    messages: dict[bytes, list[ListedMessage]] = defaultdict(list)
    columns = (
        Message.thread,
        Message.id,
        Message.number,
        Message.sender,
        Message.sha256,
        Message.size_bytes,
        Message.day,
        Message.way,
    )
    for thread_id, *row in session.execute(select(*columns).order_by(Message.thread, Message.number)):
        messages[thread_id].append(_message(row))
    threads = select(Thread, Account.name).outerjoin(Account, Account.id == Thread.assigned)
    newest_first = threads.order_by(Thread.moved.desc(), Thread.id)
    return [_thread(thread, name, messages[thread.id]) for thread, name in session.execute(newest_first)]


def _thread(thread: Thread, assigned: str | None, messages: Sequence[ListedMessage]) -> ListedThread:
    listed = {
        "id": thread.id.hex(),
        "mailbox": thread.mailbox,
        "opened": thread.opened.isoformat(),
        "moved": thread.moved.isoformat(),
        "expires": thread.expires.isoformat(),
        "state": thread.state,
        "label": thread.label,
        "assigned": assigned,
        "messages": messages,
    }
    return cast("ListedThread", listed)


def _message(row: Sequence[object]) -> ListedMessage:
    message_id, number, sender, sha256, size_bytes, day, way = row
    listed = {
        "id": cast("bytes", message_id).hex(),
        "number": number,
        "from": sender,
        "sha256": cast("bytes", sha256).hex(),
        "size_bytes": size_bytes,
        "day": str(day),
        "way": way,
    }
    return cast("ListedMessage", listed)
