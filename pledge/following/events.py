"""What happened here, as everybody may know it: read from the log, and from what each day changed in the counts.

No event names a person. One from the log is dated as its entry; the counts of a day are an event once that day is over
and its lapses are counted. An anonymous signing counts from the first day of its epoch: the event of that day then
says more than it did.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Final, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledge.core import statement as st
from pledge.labs.models import NO_CEILING, Lab
from pledge.log.models import IS_FEW, Entry
from pledge.pledges.texts import DEFAULT_SLUG
from pledge.tallies import service as tallies
from pledge.tallies.models import TalliedDay
from pledge.web.strings import day_in_words, gettext, list_in_words, ngettext
from pledge.web.strings import lazy_gettext as _

ALL: Final = "all"
"""The topic of everything."""

_KINDS: Final = ("genesis", "policy", "pledge-text", "lab", "key", "key-revocation")
_POPULATIONS: Final = {
    "total": _("People in all: %(people)s, as of %(day)s"),
    "unit": _("People in the unit: %(people)s, as of %(day)s"),
    "research": _("People in research: %(people)s, as of %(day)s"),
}
_ADDRESSES: Final = {
    "lab": _("An address at %(domain)s shows the lab"),
    "group": _("An address at %(domain)s shows the group"),
}
_KEYS: Final = {
    "steward": (_("The key of a steward was admitted"), _("The key of a steward has ended")),
    "issuer": (_("The key of an issuer was admitted"), _("The key of an issuer has ended")),
    "notary": (_("The key of the notary was admitted"), _("The key of the notary has ended")),
    "log": (_("The key of the log was admitted"), _("The key of the log has ended")),
}
"""What is said of a key that was admitted, and of one that has ended, by whose it is."""
_COUNTED: Final = _("Counted are current signatories from lab addresses: who came, less who left or lapsed.")


class Event(NamedTuple):
    """Something that happened.

    Attributes:
        day: When it was known.
        key: What names it for ever among all events.
        title: One line.
        lines: What there is to say about it; may be empty.
        path: The page to read on.
        topic: ``labs/<slug>`` or ``pledges/<slug>``, or ``all`` where it concerns the whole site.
    """

    day: date
    key: str
    title: str
    lines: tuple[str, ...]
    path: str
    topic: str


def topic_name(session: Session, topic: str) -> str | None:
    """Give the name of the lab or pledge that a topic is about, empty for everything; None where there is no such."""
    kind, _, slug = topic.partition("/")
    if topic == ALL:
        return ""
    if kind == "labs":
        return session.scalar(select(Lab.name).where(Lab.slug == slug))
    if kind == "pledges":
        texts = [each for _index, each in _statements(session) if isinstance(each, st.PledgeText)]
        return next((text.title for text in reversed(texts) if text.slug == slug), None)
    return None


def state(session: Session) -> str:
    """Give something short that changes whenever there may be a new event."""
    last = session.scalar(select(func.max(Entry.index)).where(IS_FEW, Entry.kind.in_(_KINDS)))
    return f"{last} {session.scalar(select(TalliedDay.day))}"


def newest(session: Session, topic: str, *, most: int) -> list[Event]:
    """Give the newest events of a topic, newest first.

    Cost: the entries that are not about signings, of which there are some for each lab, and ``most`` days of counts.
    """
    found = _of_log(session, topic)
    slug = topic.removeprefix("labs/")
    if topic == ALL:
        found += [_of_day(day, changes) for day, changes in _days(session, None, most=most)]
    elif slug != topic:
        found += [_of_lab(day, *changes) for day, [changes] in _days(session, slug, most=most)]
    return sorted(found, key=lambda event: event.day, reverse=True)[:most]


def between(session: Session, topic: str, first: date, last: date) -> list[Event]:
    """Give what happened to a topic from one day to another, both included: the log's events, then the counts.

    Cost: the entries that are not about signings, and the rows of these days.
    """
    found = [event for event in _of_log(session, topic)[::-1] if first <= event.day <= last]
    slug = topic.removeprefix("labs/")
    if topic != ALL and slug == topic:
        return found
    lab = None if topic == ALL else slug
    changes = _named(session, tallies.changes_between(session, DEFAULT_SLUG, first, last, lab))
    if changes:
        path = "/labs" if topic == ALL else f"/{topic}"
        title = gettext("Changes in counts")
        found.append(Event(last, f"counts/{first}/{last}", title, _lines(changes), path, topic))
    return found


def _of_log(session: Session, topic: str) -> list[Event]:
    """Give all events of a topic from the log, newest first."""
    found = []
    labs: dict[str, st.Lab] = {}
    for index, statement in _statements(session):
        before = labs.get(statement.slug) if isinstance(statement, st.Lab) else None
        if isinstance(statement, st.Lab):
            labs[statement.slug] = statement
        title, lines, path, about = _told(statement, before)
        if topic in {ALL, about}:
            found.append(Event(statement.day, f"entry/{index}", title, lines, path, about))
    return found[::-1]


def _statements(session: Session) -> list[tuple[int, st.Statement]]:
    """Give the statements from which events are made, each with its index, in the order of the log."""
    rows = select(Entry.index, Entry.leaf).where(IS_FEW, Entry.kind.in_(_KINDS)).order_by(Entry.index)
    return [(index, _parse(leaf)) for index, leaf in session.execute(rows)]


@lru_cache(maxsize=4096)  # a log never changes, and each feed reads the same few entries
def _parse(leaf: bytes) -> st.Statement:
    return st.parse_statement(st.parse_envelope(leaf))


def _told(statement: st.Statement, before: st.Lab | None) -> tuple[str, tuple[str, ...], str, str]:
    """Give title, lines, path and topic of what a statement says."""
    match statement:
        case st.Lab():
            title, lines = _told_of_lab(statement, before)
            return title, lines, f"/labs/{statement.slug}", f"labs/{statement.slug}"
        case st.PledgeText():
            path = f"/pledges/{statement.slug}"
            title = gettext("%(text)s: version %(version)s", text=statement.title, version=statement.version)
            return title, (_clauses(statement),), f"{path}/{statement.version}", path[1:]
        case st.PolicyText():
            holds = gettext(
                "It holds from %(day)s on, for every lab alike.", day=day_in_words(statement.effective)
            )
            title = gettext("Policy: version %(version)s", version=statement.version)
            return title, (holds,), f"/policy/{statement.version}.json", ALL
        case st.Key():
            until = gettext("It may sign until %(day)s.", day=day_in_words(statement.until))
            return str(_KEYS[statement.role][0]), (until,), "/stewards", ALL
        case st.KeyRevocation():
            reason = gettext("The reason in the log: %(reason)s.", reason=statement.reason)
            return str(_KEYS[statement.role][1]), (reason,), "/stewards", ALL
        case _:
            name = gettext("Its name is %(origin)s.", origin=statement.origin)
            return gettext("The log began"), (name,), "/verify", ALL


def _told_of_lab(lab: st.Lab, before: st.Lab | None) -> tuple[str, tuple[str, ...]]:
    domains = tuple(gettext(str(_ADDRESSES[domain.scope]), domain=domain.domain) for domain in lab.domains)
    headcounts = tuple(_headcount(row) for row in lab.headcount)
    if before is None:
        title = gettext("%(lab)s was added", lab=lab.name)
        return title, (*(domains or (gettext("No mail domain is confirmed yet."),)), *headcounts)
    changed = {
        gettext("name"): lab.name != before.name and (lab.name,),
        gettext("mail domains"): lab.domains != before.domains
        and (domains or (gettext("No mail domain is confirmed now."),)),
        gettext("headcount"): lab.headcount != before.headcount
        and (headcounts or (gettext("No headcount is known now."),)),
    }
    told = {name: lines for name, lines in changed.items() if lines}
    what = list_in_words(list(told)) or gettext("nothing")
    title = gettext("%(lab)s: changed %(what)s", lab=before.name, what=what)
    return title, tuple(line for lines in told.values() for line in lines)


def _headcount(row: st.Headcount) -> str:
    people = f"{row.low:,}"
    if row.high >= NO_CEILING:
        people = gettext("more than %(least)s", least=people)
    elif row.low != row.high:
        people = gettext("%(least)s to %(most)s", least=people, most=f"{row.high:,}")
    return gettext(str(_POPULATIONS[row.population]), people=people, day=row.as_of)


def _clauses(text: st.PledgeText) -> str:
    return gettext(
        "It has %(core)s core clauses, and %(optional)s that one may add.",
        core=len(text.clauses.core),
        optional=len(text.clauses.optional),
    )


_Changes = list[tuple[str, str, int]]
"""(slug, name, change) of each lab."""


def _days(session: Session, lab: str | None, *, most: int) -> list[tuple[date, _Changes]]:
    """Give what the newest days that are over changed, newest first."""
    rows = tallies.changes_by_day(session, DEFAULT_SLUG, lab, most=most)
    return [
        (day, _named(session, [row[1:] for row in group]))
        for day, group in groupby(rows, key=lambda row: row[0])
    ]


def _named(session: Session, changes: Sequence[tuple[str, int]]) -> _Changes:
    """Add the names of labs to what changed in their counts, in order of the alphabet."""
    names = {lab.slug: lab.name for lab in session.execute(select(Lab.slug, Lab.name))}
    found = [(slug, names.get(slug, slug), change) for slug, change in changes]
    return sorted(found, key=lambda row: (row[1].casefold(), row[0]))


def _of_day(day: date, changes: _Changes) -> Event:
    title = ngettext(
        "%(day)s: the counts of one lab changed",
        "%(day)s: the counts of %(num)s labs changed",
        len(changes),
        day=day_in_words(day),
    )
    return Event(day + timedelta(days=1), f"counts/{day}", title, _lines(changes), "/labs", ALL)


def _of_lab(day: date, slug: str, name: str, change: int) -> Event:
    return Event(
        day + timedelta(days=1),
        f"counts/{day}/{slug}",
        f"{day_in_words(day)}: {name} {_signed(change)}",
        (str(_COUNTED),),
        f"/labs/{slug}",
        f"labs/{slug}",
    )


def _lines(changes: _Changes) -> tuple[str, ...]:
    return (*(f"{name}: {_signed(change)}" for _slug, name, change in changes), str(_COUNTED))


def _signed(change: int) -> str:
    return f"{change:+,}".replace("-", "−")
